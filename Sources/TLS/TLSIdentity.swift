internal import Glibc

/// The files with the certificate and the private key of one side of a connection.
package struct TLSIdentity: Sendable, Equatable {
    package let certificatePath: String
    /// The same as `certificatePath` if one file contains both.
    package let keyPath: String
    /// The name of the flag or variable with the path of the certificate, for messages.
    let certificateSource: String
    /// The name of the flag or variable with the path of the key, for messages.
    let keySource: String

    package init(certificatePath: String, _ certificateSource: String, keyPath: String, _ keySource: String) {
        self.certificatePath = certificatePath
        self.certificateSource = certificateSource
        self.keyPath = keyPath
        self.keySource = keySource
    }

    /// A warning for the operator if every user of the machine can access the key; otherwise nil.
    package var keyWarning: String? {
        var status = stat()
        guard stat(keyPath, &status) == 0, status.st_mode & 0o007 != 0 else { return nil }
        return "every user of this machine can access the private key '\(keyPath)': remove this permission with chmod "
            + "o-rwx"
    }
}

/// Checks of files that OpenSSL reads.
enum PEMFile {
    static func isFolder(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// The system's reason why a file cannot be read; nil if it can.
    static func readFailure(_ path: String) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor < 0 else {
            close(descriptor)
            return nil
        }
        return String(cString: strerror(errno))
    }
}
