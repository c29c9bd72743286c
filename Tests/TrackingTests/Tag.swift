import Tracking

/// `Testing` has a type of this name as well.
typealias Tag = Tracking.Tag
