internal import ArtifactStore
internal import Coding
internal import MLflowAPI

/// The settings of the pages that a browser gets besides Apus' own.
struct WebPageSettings {
    /// MLflow's own pages; nil if the settings do not ask for them.
    let bundle: PageBundle?
    /// The path of MLflow's pages: empty for the root, or with a slash at its beginning and none at its end.
    let path: String

    /// The path of Apus' own pages if MLflow's are at the root.
    static let ownPath = "/apus"

    /// - Parameter prefix: the static prefix, under which the pages are served too.
    init(_ options: PagesOptions, prefix: String, _ environment: Environment) throws(StartFailure) {
        let setsDefaults = try environment.isOn(.pagesDefaults, options.uiDefaults) ?? true
        let pagesPath = environment.setting(.pagesPath, options.uiPath)
        path = pagesPath?.text == "/" ? "" : try ListeningSettings.prefix(pagesPath)
        guard let setting = environment.setting(.pages, options.ui) else {
            bundle = nil
            return
        }
        let second = path.isEmpty ? Self.ownPath : path
        guard prefix != second else {
            let remedy = path.isEmpty ? "another --static-prefix" : "another --ui-path"
            throw StartFailure("Two pages, one of the static prefix, would be at \(second): choose \(remedy).")
        }
        let folder = setting.text == "mlflow" ? try InstalledPages.find(for: setting) : setting.text
        bundle = try Self.bundle(folder, setting, script: setsDefaults ? FirstVisit.scriptAddress : nil)
    }

    private static func bundle(
        _ folder: String,
        _ setting: Setting,
        script: String?
    ) throws(StartFailure) -> PageBundle {
        do throws(ArtifactError) {
            return try PageBundle(location: folder, script: script)
        } catch {
            let reason =
                switch error {
                case .permissionDenied: "its index.html cannot be read: correct its permissions"
                case .invalidPath(.symbolicLink):
                    "its index.html is a symbolic link, which is not followed: name the folder that contains the file itself"
                default:
                    "it has no index.html: name the folder of MLflow's pages, mlflow/server/js/build in its package"
                }
            throw StartFailure("\(setting.quoted): \(folder.printable(limit: 300)) contains no pages, \(reason).")
        }
    }

    /// A phrase about MLflow's pages for the ready line; empty without these pages.
    var announcement: String {
        guard let bundle else { return "" }
        let own = path.isEmpty ? "\(Self.ownPath)/" : "/"
        return ", pages of \(bundle.location) at \(path)/, Apus' own at \(own)"
    }
}
