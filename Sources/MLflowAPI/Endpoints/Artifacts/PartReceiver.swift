internal import ArtifactStore

/// Takes a part of an upload from the socket to the disk.
final class PartReceiver: APIUpload {
    private let part: MultipartPart
    private let failure: @Sendable (any Error) -> APIResponse
    private let reply: APIReply

    init(part: MultipartPart, failure: @escaping @Sendable (any Error) -> APIResponse, reply: @escaping APIReply) {
        self.part = part
        self.failure = failure
        self.reply = reply
    }

    func receive(_ bytes: UnsafeRawBufferPointer) throws {
        do {
            try part.write(bytes)
        } catch {
            reply(failure(error))
            throw error
        }
    }

    func finish() {
        do {
            reply(APIResponse(headers: [("ETag", try part.commit())], body: .bytes([])))
        } catch {
            reply(failure(error))
        }
    }

    func abort() {
        part.abort()
    }
}
