/// Why a multipart upload cannot continue; errors of the file system are thrown as `ArtifactError`.
package enum MultipartError: Error, Sendable, Equatable {
    /// The limit of open uploads is reached.
    case tooManyUploads
    /// No upload with this id is open for this path: there was none, or it was aborted or completed, or it has expired.
    case unknownUpload
    /// The upload is being completed at this moment.
    case completing
    /// The upload has no part of this number.
    case unknownPart(Int)
    /// This part is the first of `count` parts that have not arrived completely.
    case missingPart(Int, count: Int)
    /// The part has arrived, but the list of parts does not contain it.
    case unlistedPart(Int)
    /// The listed part has been replaced by a later upload of the same part.
    case changedPart(Int)
    /// An object store refuses the list of parts; the value is a sentence for people.
    case wrongParts(String)
    /// A part is larger than `MultipartUploads.Limits.partBytes`.
    case partTooLarge
    /// The length of a part differs from the one that its request announced.
    case wrongLength
}
