namespace Gatehouse.Hub.Configurations;

/// <summary>What of a configuration decides what is applied to whom.</summary>
internal sealed record CompiledConfiguration(string Id, long Priority, long Created, ConfigurationTarget Target, ConfigurationContent Content)
{
    internal ContentKind Kind => Content.Kind;

    /// <summary>What it sets on a module of an Edge device, or, without a name, on the twin itself.</summary>
    internal IReadOnlyList<ContentValue> Layer(string module) => Content.Values.GetValueOrDefault(module, []);
}
