/// Refuses a dataset input that MLflow does not allow (`_validate_dataset_inputs` in `validation.py`).
///
/// Only lengths are bounded; keys of input tags may have any characters, and every text may be empty.
package func validateDatasetInput(_ input: DatasetInput) throws(TrackingError) {
    let dataset = input.dataset
    _ = try dataset.name.checked("name", limit: TrackingLimits.datasetNameLength)
    _ = try dataset.digest.checked("digest", limit: TrackingLimits.datasetDigestLength)
    _ = try dataset.source.checked("source", limit: TrackingLimits.datasetSourceLength)
    _ = try dataset.schema?.checked("schema", limit: TrackingLimits.datasetSchemaLength)
    _ = try dataset.profile?.checked("profile", limit: TrackingLimits.datasetProfileLength)
    for tag in input.tags {
        _ = try tag.key.checked("key", limit: TrackingLimits.inputTagKeyLength)
        _ = try tag.value.checked("value", limit: TrackingLimits.inputTagValueLength)
    }
}
