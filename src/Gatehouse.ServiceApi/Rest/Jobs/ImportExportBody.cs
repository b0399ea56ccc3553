using Gatehouse.Hub.ImportExport;

namespace Gatehouse.ServiceApi.Rest.Jobs;

/// <summary>An import or export as callers send it; its id is the hub's to give.</summary>
internal sealed class ImportExportBody
{
    public string? Type { get; init; }

    public string? InputBlobContainerUri { get; init; }

    public string? InputBlobName { get; init; }

    public string? OutputBlobContainerUri { get; init; }

    public string? OutputBlobName { get; init; }

    public bool? ExcludeKeysInExport { get; init; }

    public string? StorageAuthenticationType { get; init; }

    public bool? IncludeConfigurations { get; init; }

    public string? ConfigurationsBlobName { get; init; }

    internal ImportExportInput ToInput() => new()
    {
        Type = Type,
        InputBlobContainerUri = InputBlobContainerUri,
        InputBlobName = InputBlobName,
        OutputBlobContainerUri = OutputBlobContainerUri,
        OutputBlobName = OutputBlobName,
        ExcludeKeysInExport = ExcludeKeysInExport ?? false,
        StorageAuthenticationType = StorageAuthenticationType,
        IncludeConfigurations = IncludeConfigurations ?? false,
        ConfigurationsBlobName = ConfigurationsBlobName,
    };

    public override string ToString() => $"{Type} ***";
}
