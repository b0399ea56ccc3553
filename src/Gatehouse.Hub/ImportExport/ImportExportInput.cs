namespace Gatehouse.Hub.ImportExport;

/// <summary>An import or export as a back end asks for it; nothing of it is checked yet.</summary>
public sealed record ImportExportInput
{
    /// <summary>Wire word, any case: <c>import</c> or <c>export</c>.</summary>
    public string? Type { get; init; }

    /// <summary>Container of the blob that is imported, with its token.</summary>
    public string? InputBlobContainerUri { get; init; }

    /// <summary>Null or empty for <c>devices.txt</c>.</summary>
    public string? InputBlobName { get; init; }

    /// <summary>Container of the exported blob, or of the errors of an import, with its token.</summary>
    public string? OutputBlobContainerUri { get; init; }

    /// <summary>Null or empty for <c>devices.txt</c>.</summary>
    public string? OutputBlobName { get; init; }

    public bool ExcludeKeysInExport { get; init; }

    /// <summary>Wire word, any case; null for <c>keyBased</c>.</summary>
    public string? StorageAuthenticationType { get; init; }

    /// <summary>Whether the hub's configurations are imported or exported, too.</summary>
    public bool IncludeConfigurations { get; init; }

    /// <summary>Null or empty for <c>configurations.txt</c>.</summary>
    public string? ConfigurationsBlobName { get; init; }

    /// <summary>Never the addresses: their tokens are secret.</summary>
    public override string ToString() => $"{Type} ***";
}
