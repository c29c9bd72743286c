internal import ArtifactStore
internal import HTTPWire
internal import Tracking

extension MLflowAPI {
    /// Returns the answer to an error of reading, listing or deleting an artifact, with the path as the client sent it.
    ///
    /// Only a failure that may end soon gets a status after which the client retries: an outage of the object storage, or a
    /// conflict with another request. After any other failure, retries would delay a training run by minutes and fail again.
    func failure(_ error: any Error, path: String) -> HTTPResponse {
        guard let error = error as? ArtifactError else { return response(to: error) }
        let message = error.message(for: path)
        let trackingError: TrackingError
        switch error {
        case .notFound: trackingError = .doesNotExist(message)
        case .isDirectory, .notDirectory, .invalidPath, .nameTooLong, .nameNotSupported:
            trackingError = .invalidParameter(message)
        case .storageDenies:
            reportStorageFault(error)
            trackingError = TrackingError.permissionDenied(message)
        case .storageRefuses:
            reportStorageFault(error)
            trackingError = TrackingError(.invalidState, message)
        case .storageUnavailable:
            reportStorageFault(error)
            return APIError(httpStatus: 503, message: message).response
        case .overloaded, .replaced, .busy: trackingError = TrackingError(.temporarilyUnavailable, message)
        case .spaceKept, .quotaExceeded: trackingError = TrackingError(.tooManyBytes, message)
        case .readOnly, .permissionDenied: trackingError = TrackingError.permissionDenied(message)
        case .noSpace, .fileTooLarge: trackingError = TrackingError(.insufficientStorage, message)
        case .rootUnavailable, .tooManyOpenFiles, .other:
            reportFailure(error)
            trackingError = TrackingError(.insufficientStorage, message)
        }
        return APIError(trackingError).response
    }

    /// Returns the answer to an error of writing an artifact.
    ///
    /// `.notFound` means here that the file was deleted during the upload.
    func uploadFailure(_ error: any Error, path: String) -> HTTPResponse {
        if case ArtifactError.notFound? = error as? ArtifactError { return failure(ArtifactError.busy, path: path) }
        return failure(error, path: path)
    }
}
