// Fits a line to points by gradient descent, and tracks it.
//
//     MLFLOW_TRACKING_URI=http://127.0.0.1:5000 swift run tiny-training
//
// Started again with the same JOB_ID, it goes on after the last epoch that was logged.

import Glibc
import MLflowClient

let epochs = 20
let rate = 0.1
let places: [Double] = (0..<20).map { Double($0) / 10 }
let values: [Double] = places.map { 3 * $0 + 1 }
let count = Double(places.count)

let setup = try await TrackingSetup.connect()
print(setup.reason)
let training = try await TrainingTracker.start(
    setup.client,
    .name("tiny-training"),
    key: getenv("JOB_ID").map { String(cString: $0) },
    params: [Param("rate", rate), Param("epochs", epochs)]
)
print(setup.client.runURL(training.run.info))
let watch = try TerminationWatch(setup.client)
watch.add(training.run.info.runID)

let checkpoint = "/tmp/tiny-training-\(getpid()).txt"
var (slope, offset) = (0.0, 0.0)
let firstEpoch = training.lastStep("loss").map { Int($0) + 1 } ?? 1
for epoch in stride(from: firstEpoch, through: epochs, by: 1) {
    var (loss, slopeGradient, offsetGradient) = (0.0, 0.0, 0.0)
    for (place, value) in zip(places, values) {
        let error = slope * place + offset - value
        loss += error * error / count
        slopeGradient += 2 * error * place / count
        offsetGradient += 2 * error / count
    }
    slope -= rate * slopeGradient
    offset -= rate * offsetGradient
    // A server that is away costs points, not the training.
    if let problem = await training.log(epoch: epoch, [Metric("loss", loss)]) { print(problem) }
    guard epoch % 10 == 0, let file = fopen(checkpoint, "w") else { continue }
    fputs("\(slope) \(offset)\n", file)
    fclose(file)
    let record = EpochRecord(
        epoch: epoch,
        metrics: [Metric("loss", loss, step: Int64(epoch))],
        files: [LocalArtifact(checkpoint, path: "line.txt")]
    )
    let report = await training.logEpoch(record)
    for failure in report.failures { print(failure.path, failure.error) }
}
unlink(checkpoint)
try await training.end(tags: [Tag("slope", slope), Tag("offset", offset)])
watch.remove(training.run.info.runID)
