internal import JSON
internal import Tracking
internal import TrackingStore

/// The datasets and models that a run is linked with at the upstream; models are compared by their ids at the upstream.
struct RunLinks {
    private let datasets: Set<[ExactText]>
    private let inputs: Set<String>
    private let outputs: Set<String>

    /// - Parameter run: the member `run` of the answer of `runs/get`.
    init(_ run: JSONValue?) {
        let datasets = run?["inputs"]?["dataset_inputs"].map { Array($0.elements) } ?? []
        self.datasets = Set(
            datasets.compactMap { input in
                guard let name = input["dataset"]?["name"]?.string, let digest = input["dataset"]?["digest"]?.string
                else { return nil }
                return [ExactText(name), ExactText(digest)]
            }
        )
        func ids(_ models: JSONValue?) -> Set<String> {
            Set((models.map { Array($0.elements) } ?? []).compactMap { $0["model_id"]?.string })
        }
        inputs = ids(run?["inputs"]?["model_inputs"])
        outputs = ids(run?["outputs"]?["model_outputs"])
    }

    func missing(of inputs: [DatasetInput]) -> [DatasetInput] {
        inputs.filter { !datasets.contains([ExactText($0.dataset.name), ExactText($0.dataset.digest)]) }
    }

    func missing(of inputs: [ModelInput]) -> [ModelInput] { inputs.filter { !self.inputs.contains($0.modelID) } }
    func missing(of outputs: [ModelOutput]) -> [ModelOutput] { outputs.filter { !self.outputs.contains($0.modelID) } }
}

extension RunCalls {
    /// Links a run with those datasets and models that it is not linked with yet.
    ///
    /// Existing links are left out, because MLflow's server refuses all outputs of a call if it has one of them already.
    ///
    /// - Parameters:
    ///   - inputs: the input models, with their ids at the upstream; the same applies to `outputs`.
    ///   - localIDs: the ids of these models in this store, by their ids at the upstream.
    func link(
        _ remoteID: String,
        datasets: [DatasetInput],
        inputs: [ModelInput],
        outputs: [ModelOutput],
        localIDs: [String: String],
        _ omissions: inout Omissions
    ) throws(UpstreamFailure) {
        guard !(datasets.isEmpty && inputs.isEmpty && outputs.isEmpty) else { return }
        let linksBefore = try links(of: remoteID)
        var refused: Omissions = []
        try logDatasets(remoteID, linksBefore.missing(of: datasets), &refused)
        let (newInputs, newOutputs) = (linksBefore.missing(of: inputs), linksBefore.missing(of: outputs))
        try logModels(remoteID, inputs: newInputs, outputs: newOutputs, &refused)
        guard !refused.isEmpty else { return }
        // A refused link may exist by now, if the upstream has carried out an earlier call whose answer was lost. Only links that
        // are still missing are reported as omissions.
        let linksAfter = try links(of: remoteID)
        var shownParts: [String: String] = [:]
        for input in linksAfter.missing(of: datasets) {
            let part = ForwardOmission.part(ofDataset: input.dataset.name)
            shownParts[part] = part
        }
        for id in linksAfter.missing(of: inputs).map(\.modelID) + linksAfter.missing(of: outputs).map(\.modelID) {
            shownParts[ForwardOmission.part(ofModel: id)] = ForwardOmission.part(ofModel: localIDs[id] ?? id)
        }
        for (part, reason) in refused { if let shown = shownParts[part] { omissions.append((shown, reason)) } }
    }

    private func links(of remoteID: String) throws(UpstreamFailure) -> RunLinks {
        RunLinks(try get("runs/get", [("run_id", remoteID)])["run"])
    }
}
