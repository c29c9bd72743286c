/// Throws if MLflow does not allow the dataset input (`_validate_dataset_inputs` in `validation.py`).
///
/// Only lengths are limited: any text may be empty, and the keys of tags may contain any character.
/// - Throws: `.invalidParameterValue` for the first text that is too long.
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
