using System.Text.Json;

namespace Gatehouse.Hub.Queries.Language;

/// <summary>A document in memory, as the service shows it: a twin, or what a job did on a device.</summary>
public sealed class DocumentSubject(JsonElement document) : Subject
{
    internal override Value Find(PathExpression path) => path.Root == PathRoot.Document ? Follow(document, path.Steps, 0) : Value.Undefined;
}
