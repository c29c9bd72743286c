/// Why a multipart upload cannot go on; what the disk refuses is an `ArtifactError`.
package enum MultipartError: Error, Sendable, Equatable {
    /// The limit of open uploads is reached.
    case tooManyUploads
    /// No upload with this id is open for this path: it never was, or was aborted, or has expired.
    case unknownUpload
    /// The upload is being completed at this moment.
    case completing
    /// The upload has no part of this number.
    case unknownPart(Int)
    /// This part, and as many as `count` in all, has not arrived whole.
    case missingPart(Int, count: Int)
    /// The part has arrived, and the list of parts leaves it out.
    case unlistedPart(Int)
    /// Another sending of the part has replaced the listed one.
    case changedPart(Int)
    /// A part is larger than `MultipartUploads.Limits.partBytes`.
    case partTooLarge
    /// A part has another length than its request announced.
    case wrongLength
}
