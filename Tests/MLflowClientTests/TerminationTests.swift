import Glibc
import MLflowClient
import Testing

@Suite struct TerminationTests {
    @Test func `SIGTERM marks the runs that still run as killed, and ends the process`() async throws {
        let uri = try ServerUnderTest.uri()
        let client = try TrackingClient(ClientConfiguration(trackingURI: uri))
        let experiment = ExperimentReference.name("termination-\(getpid())-\(UInt64.random(in: 0..<UInt64.max))")
        let (first, second, ended) = (
            try await client.startRun(experiment).info.runID, try await client.startRun(experiment).info.runID,
            try await client.startRun(experiment).info.runID
        )
        try await client.setTerminated(runID: ended)
        await #expect(processExitsWith: .signal(SIGTERM)) {
            [uri = uri as String, first = first as String, second = second as String, ended = ended as String] in
            let client = try TrackingClient(ClientConfiguration(trackingURI: uri))
            let watch = try TerminationWatch(client, timeout: .seconds(60))
            for run in [first, second, ended] { watch.add(run) }
            watch.remove(second)
            kill(getpid(), SIGTERM)
            // The signal ends the process when the watch has done its work.
            while true { pause() }
        }
        #expect(try await client.getRun(runID: first).info.status == .killed)
        #expect(try await client.getRun(runID: second).info.status == .running)
        #expect(try await client.getRun(runID: ended).info.status == .finished)
    }
}
