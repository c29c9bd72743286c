internal import Glibc

/// Finds the pages of an installed Python package of MLflow.
enum InstalledPages {
    /// Asks the first `python3` on the PATH for the folder with the pages of its MLflow, without running MLflow.
    ///
    /// - Parameter setting: the setting that asks for these pages, for messages.
    /// - Throws: `StartFailure` if there is no Python, or it has no MLflow with pages.
    static func find(for setting: Setting) throws(StartFailure) -> String {
        let output = try askPython(for: setting)
        let lines = output.text.split(separator: "\n")
        if output.status == 0, let folder = lines.last { return String(folder) }
        switch lines.last {
        case "no pages":
            throw StartFailure(
                "\(setting.quoted): the mlflow of the python3 on the PATH has no pages (mlflow-skinny has none). Install "
                    + "mlflow, or name the folder of its pages."
            )
        case "no mlflow":
            throw StartFailure(
                "\(setting.quoted): the python3 on the PATH has no mlflow. Activate the environment that has it, install it "
                    + "(pip install mlflow), or name the folder of its pages (mlflow/server/js/build)."
            )
        default: throw StartFailure("\(setting.quoted): the python3 on the PATH failed when it was asked for mlflow.")
        }
    }

    /// A Python program that looks up the package without importing it, and ignores the working directory.
    private static let program = """
        import sys
        sys.path = [place for place in sys.path if place]
        import importlib.util, os
        package = importlib.util.find_spec("mlflow")
        if package is None or package.origin is None:
            sys.exit(print("no mlflow") or 1)
        for place in package.submodule_search_locations or []:
            folder = os.path.realpath(os.path.join(place, "server", "js", "build"))
            if os.path.isfile(os.path.join(folder, "index.html")):
                sys.exit(print(folder))
        sys.exit(print("no pages") or 1)
        """

    /// The longest time for Python, even on a slow disk.
    private static let timeLimit = Duration.seconds(20)

    private static func askPython(for setting: Setting) throws(StartFailure) -> ProgramOutput {
        do {
            return try ProgramOutput(of: ["python3", "-c", program], within: timeLimit, maximumBytes: 16_384)
        } catch {
            switch error {
            case .notStarted(let code):
                throw StartFailure(
                    "\(setting.quoted): there is no python3 on the PATH to ask (\(String(cString: strerror(code)))). Name the "
                        + "folder of MLflow's pages instead (mlflow/server/js/build)."
                )
            case .timedOut:
                throw StartFailure("\(setting.quoted): python3 did not answer in \(timeLimit.components.seconds) s.")
            case .outputTooLong:
                throw StartFailure("\(setting.quoted): python3 printed too much when it was asked for mlflow.")
            }
        }
    }
}
