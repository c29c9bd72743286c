import Tracking

/// Swift Testing has a type of this name too.
typealias Tag = Tracking.Tag
