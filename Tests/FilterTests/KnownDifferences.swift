/// Recorded texts to which Apus answers differently from the reference, with the reasons.
let knownDifferences: [String: String] = [
    // The reference accepts these by accident: no key can match, so it answers an empty page and not an error.
    "metrics..m > 1": "an empty part in a key",
    "metrics.m. > 1": "an empty part in a key",
    "metrics. > 1": "no key",
    "metrics.": "no key in an ordering",
    "metrics.a.`b` > 1": "quotes become part of the key",
    "metrics.`a`.b > 1": "quotes become part of the key",
    "metrics.* > 1": "a star is no key",
    "metrics. m > 1": "white space becomes part of the key",
    #"params."x.y"> ('a') attr.5x IS NULL "#: "a whole clause becomes the key",
    // The reference parses lists as Python literals.
    "run_id IN ('a' 'b')": "adjacent strings are joined",
    "run_id IN ('it''s')": "adjacent strings are joined",
    "run_id IN (('a'))": "nested parentheses",
    "run_id IN (('a','b'))": "nested parentheses",
    // The reference applies the aliases of run attributes also to the keys of metrics, params and tags.
    "metric.`run name` <= 1": "the key is meant",
    "parameter.`run name` LIKE '%'": "the key is meant",
    "tags.Created IS NULL ": "the key is meant",
    #"parameter.`run name` LIKE "x""#: "the key is meant",
    "params.`run name` ilike '%'": "the key is meant",
    "param.Created is not null ": "the key is meant",
    // MLflow 3.18 accepts these.
    "attributes.name = 'x'": "accepted by 3.18",
    "attributes.name": "accepted by 3.18",
    // Apus accepts only decimal digits in experiment ids.
    "experiment_id = ' 1'": "no plain digits",
    "experiment_id = '+1'": "no plain digits",
    "experiment_id = '1_0'": "no plain digits",
]
