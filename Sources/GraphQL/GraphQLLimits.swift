/// What one query may ask for.
///
/// Depth, selections, aliases and root fields are bounded as MLflow 3.17.2 bounds them.
package struct GraphQLLimits: Sendable {
    /// UTF-8 bytes of a query.
    package var queryBytes = 64 * 1_024
    /// How deep braces, brackets and parentheses may stand in each other, whatever they mean.
    package var nesting = 64
    /// Definitions in one document.
    package var definitions = 100
    /// Levels of fields.
    package var depth = 10
    /// Fields of all levels, those of fragments counted wherever they are spread.
    package var selections = 1_000
    /// Fields, spreads and inline fragments that are looked at, those counted again that are reached again.
    package var steps = 10_000
    /// Fields with an alias on one level.
    package var aliases = 10
    /// Fields of the first level.
    package var rootFields = 10
    /// Values in the lists and objects of the variables and arguments.
    package var inputValues = 10_000
    /// Bytes of an answer.
    package var answerBytes = 32 * 1_024 * 1_024
    /// Sentences about what went wrong in one answer.
    package var errors = 100

    package init() {}
}
