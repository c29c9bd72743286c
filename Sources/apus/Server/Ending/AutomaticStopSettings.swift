/// The conditions under which a server ends by itself, without a signal from outside.
struct AutomaticStopSettings: Sendable {
    /// How long the server must have had no connection and no request before it ends; nil if an unused server does not end.
    let idleTime: Duration?
    /// The server ends when all of these processes have ended; empty if no process was named.
    let parents: [WatchedProcess]

    /// - Throws: `StartFailure` for invalid values, and for a process that does not exist.
    init(_ options: ProcessOptions, _ environment: Environment) throws(StartFailure) {
        idleTime = try environment.setting(.idleExit, options.idleExit).map(Self.time)
        parents = try options.parentPid.map(Self.process)
    }

    private static func time(_ setting: Setting) throws(StartFailure) -> Duration {
        guard let time = DurationArgument(argument: setting.text), time.duration >= .seconds(1) else {
            throw StartFailure("\(setting.quoted): use a time of 1s to 24h, such as 60s or 10m.")
        }
        return time.duration
    }

    private static func process(_ text: String) throws(StartFailure) -> WatchedProcess {
        let setting = Setting(source: SettingDefinition.parentPid.flag, text: text)
        guard let pid = Int32(text), pid > 0 else { throw StartFailure("\(setting.quoted): use the id of a process.") }
        guard let process = WatchedProcess(pid) else {
            throw StartFailure("\(setting.quoted): there is no such process.")
        }
        return process
    }
}
