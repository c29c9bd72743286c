internal import Files
internal import Glibc

/// The kind of machine that a program runs on, which decides where a local server keeps its data.
public enum Platform: Sendable, Hashable {
    /// Google Colab; the value is the folder of the mounted Google Drive, or nil if no Drive is mounted.
    case colab(drive: String?)
    /// A Kaggle notebook, whose working folder is kept as its output.
    case kaggle
    /// Any other machine.
    case local

    /// The platform of this process.
    ///
    /// - Parameter environment: returns the value of a variable; by default from the environment of the process.
    public static func current(environment: (String) -> String? = ClientConfiguration.processEnvironment) -> Platform {
        current(beneath: "", environment)
    }

    /// - Parameter root: a folder that replaces `/` in the paths that are looked for; for tests.
    static func current(beneath root: String, _ environment: (String) -> String?) -> Platform {
        func isFolder(_ path: String) -> Bool { access("\(root)\(path)/.", F_OK) == 0 }
        if environment("KAGGLE_KERNEL_RUN_TYPE") != nil, isFolder("/kaggle/working") { return .kaggle }
        if environment("COLAB_RELEASE_TAG") != nil || environment("COLAB_GPU") != nil {
            let drive = "/content/drive/MyDrive"
            return .colab(drive: isFolder(drive) ? root + drive : nil)
        }
        return .local
    }

    /// The folder in which a local server should keep its data: one that outlives the session, if the platform has one.
    public var dataFolder: String {
        switch self {
        case .colab(let drive): "\(drive ?? "/content")/apus-data"
        case .kaggle: "/kaggle/working/apus-data"
        case .local: "apus-data"
        }
    }
}
