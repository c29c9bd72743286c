/// Generates a name for a run or a logged model: an adjective, a noun and a number below 1,000, as in `calm-heron-417`.
package func makeRunName() -> String {
    var generator = SystemRandomNumberGenerator()
    return makeRunName(using: &generator)
}

/// Generates a name as `makeRunName()` does, with the given random number generator.
package func makeRunName(using generator: inout some RandomNumberGenerator) -> String {
    let adjective = adjectives[Int.random(in: adjectives.indices, using: &generator)]
    let noun = nouns[Int.random(in: nouns.indices, using: &generator)]
    return "\(adjective)-\(noun)-\(Int.random(in: 0..<1_000, using: &generator))"
}

/// Returns the name of a new run (`SqlAlchemyStore.create_run`).
///
/// The name is the argument or, if the argument is empty or nil, the value of the tag `mlflow.runName`. If both are
/// empty or nil, a name is generated.
/// - Throws: `.invalidParameterValue` if both have a value and the values differ.
package func resolvedRunName(argument: String?, tag: String?) throws(TrackingError) -> String {
    let argument = argument ?? ""
    let tag = tag ?? ""
    guard argument.isEmpty || tag.isEmpty || argument.isExactly(tag) else {
        throw .invalidParameter(
            "Both 'run_name' argument and 'mlflow.runName' tag are specified, but with different values "
                + "(run_name='\(shortened(argument))', mlflow.runName='\(shortened(tag))')."
        )
    }
    if !argument.isEmpty { return argument }
    return tag.isEmpty ? makeRunName() : tag
}

private let adjectives: [String] = [
    "agile", "airy", "amber", "ample", "apt", "ashen", "azure", "balmy",
    "blithe", "bold", "brave", "breezy", "bright", "brisk", "calm", "candid",
    "cheery", "civil", "clear", "clever", "coastal", "cosy", "crisp", "dapper",
    "deft", "dewy", "eager", "early", "earnest", "fair", "fleet", "fond",
    "frank", "fresh", "gentle", "glad", "golden", "hardy", "hazel", "humble",
    "jolly", "keen", "kind", "lively", "lofty", "lucid", "mellow", "merry",
    "mild", "neat", "nimble", "noble", "patient", "plucky", "quiet", "rapid",
    "sage", "silver", "snug", "spry", "steady", "sunny", "swift", "vivid",
]

private let nouns: [String] = [
    "auk", "avocet", "bittern", "brant", "bunting", "bustard", "chough", "coot",
    "crake", "crane", "curlew", "dipper", "diver", "dotterel", "dove", "dunlin",
    "egret", "eider", "falcon", "finch", "fulmar", "gannet", "godwit", "grebe",
    "grouse", "gull", "harrier", "heron", "hobby", "hoopoe", "ibis", "jackdaw",
    "jay", "kestrel", "kite", "knot", "lapwing", "lark", "linnet", "magpie",
    "martin", "merlin", "oriole", "osprey", "ouzel", "owl", "petrel", "pipit",
    "plover", "puffin", "quail", "raven", "redstart", "robin", "ruff", "shrike",
    "siskin", "snipe", "stork", "swallow", "tern", "thrush", "wagtail", "wren",
]
