package import ArtifactStore
package import HTTPServer
package import HTTPWire
internal import Hashing
internal import Tracking

/// The folder with MLflow's own web pages, copied from its package.
///
/// Apus sends the files unchanged, except for the script that it may add to the index page. Files are opened by the same rules as
/// artifacts: no path leads out of the folder, and links are not followed. Every call blocks while it reads from the disk.
package struct PageBundle: Sendable {
    /// The path of the folder, as the operator wrote it.
    package let location: String
    private let folder: ArtifactRoot
    /// The address, relative to the index page, of a script that the page loads before all others; nil for none.
    private let script: String?

    /// The maximum size of the index page, in bytes.
    private static let indexBytes: Int64 = 1_024 * 1_024
    private static let indexName = "index.html"

    /// - Parameters:
    ///   - location: the folder that contains `index.html`.
    ///   - script: an address relative to the index page, without characters that HTML would have to escape.
    /// - Throws: an error such as `.notFound` if the index page cannot be read.
    package init(location: String, script: String? = nil) throws(ArtifactError) {
        self.location = location
        self.script = script
        folder = ArtifactRoot(location: location)
        _ = try readIndex()
    }

    /// Returns the index page, with the script inserted.
    package func index(_ request: HTTPRequest) -> HTTPResponse {
        do throws(ArtifactError) {
            let index = try readIndex()
            let headers = PageFile.headers(contentType: "text/html; charset=utf-8", isImmutable: false)
            return PageFile.unlessNotModified(request, tag: index.tag, modified: index.modified, headers) { headers in
                HTTPResponse(headers: headers, body: .bytes(index.bytes))
            }
        } catch { return failure(error, Self.indexName) }
    }

    /// Returns a file that the index page loads.
    ///
    /// - Parameter text: the path of the file in the folder, with percent encoding already decoded.
    package func file(_ text: String, _ request: HTTPRequest) -> HTTPResponse {
        do throws(ArtifactError) {
            let path = try ArtifactPath(text)
            let file = try folder.open(path)
            let gzipFile = try gzipVersion(of: file, text, request)
            return try PageFile(name: text, file: file, gzipFile: gzipFile).response(request)
        } catch { return failure(error, text) }
    }

    /// Returns the gzip version of a file, if the folder has one that is not older than the file and the client accepts
    /// gzip; otherwise nil.
    private func gzipVersion(
        of file: OpenArtifact,
        _ text: String,
        _ request: HTTPRequest
    ) throws(ArtifactError) -> OpenArtifact? {
        guard request.acceptsGzip, let path = try? ArtifactPath(text + ".gz") else { return nil }
        do throws(ArtifactError) {
            let version = try folder.open(path)
            return version.modificationSeconds >= file.modificationSeconds ? version : nil
        } catch {
            if error == .tooManyOpenFiles { throw error }
            return nil
        }
    }

    private func readIndex() throws(ArtifactError) -> (bytes: [UInt8], tag: String, modified: Int64) {
        let file = try folder.open(try ArtifactPath(Self.indexName))
        guard file.size <= Self.indexBytes else { throw .fileTooLarge }
        var bytes = try file.bytes()
        if let script { bytes = Self.insert("<script src=\"\(script)\"></script>", into: bytes) }
        let digest = SHA256.digest(of: bytes).prefix(12).map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }
        return (bytes, "\"\(digest.joined())\"", file.modificationSeconds)
    }

    /// Inserts text before the first script of a page, or at the end of a page without scripts.
    static func insert(_ text: String, into page: [UInt8]) -> [UInt8] {
        let folded = page.map { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) ? $0 | 0x20 : $0 }
        let position = folded.firstRange(of: Array("<script".utf8))?.lowerBound ?? page.endIndex
        return page[..<position] + Array(text.utf8) + page[position...]
    }

    private func failure(_ error: ArtifactError, _ name: String) -> HTTPResponse {
        let answer: APIError
        switch error {
        case .tooManyOpenFiles, .rootUnavailable, .permissionDenied, .other:
            answer = APIError(
                status: 507,
                code: "RESOURCE_LIMIT_EXCEEDED",
                message: "The folder of the pages, which --ui names, cannot be read."
            )
        case .notFound, .isDirectory, .notDirectory, .invalidPath, .noSpace, .spaceKept, .quotaExceeded, .readOnly,
            .nameTooLong, .nameNotSupported, .fileTooLarge, .busy, .storageDenies, .storageRefuses, .storageUnavailable,
            .overloaded, .replaced:
            answer = APIError(
                status: 404,
                code: "RESOURCE_DOES_NOT_EXIST",
                message: "The pages have no file '\(shortened(name))'."
            )
        }
        return answer.response
    }
}
