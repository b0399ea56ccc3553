using System.Text.Json;
using System.Text.Json.Serialization;
using Gatehouse.Hub.Jobs;

namespace Gatehouse.Hub.ImportExport;

/// <summary>A row of <c>registry_jobs</c>.</summary>
internal sealed record ImportExportRow
{
    public string Hub { get; init; } = "";

    public string JobId { get; init; } = "";

    public string JobType { get; init; } = "";

    public string Status { get; init; } = "";

    public string Actor { get; init; } = "";

    /// <summary>JSON.</summary>
    public string Settings { get; init; } = "";

    /// <summary>Sealed; empty once the job has ended.</summary>
    public byte[] Containers { get; init; } = [];

    public long Created { get; init; }

    public long Started { get; init; }

    public long Ended { get; init; }

    public long Progress { get; init; }

    public string? FailureReason { get; init; }

    /// <summary>Which of its blobs an import is at.</summary>
    public long InputPart { get; init; }

    /// <summary>Of that blob.</summary>
    public string? InputEtag { get; init; }

    public long InputBytes { get; init; }

    public long InputLines { get; init; }

    public long Errors { get; init; }

    internal bool IsImport => JobType == JobTypes.Import;

    internal ImportPlace Place => new(InputPart, InputLines, InputBytes);

    /// <summary>Who writes, for the audit records of single identities.</summary>
    internal string LineActor => $"{Actor}/job:{JobId}";

    internal ImportExportSettings ReadSettings() => JsonSerializer.Deserialize(Settings, ImportExportJson.Default.ImportExportSettings)!;

    /// <summary>Ended, now; the tokens are forgotten.</summary>
    internal ImportExportRow End(string status, DateTimeOffset now, string? reason = null) => this with
    {
        Status = status, Ended = now.UtcTicks, FailureReason = reason, Containers = [], Progress = status == JobStates.Completed ? 100 : Progress,
    };

    /// <summary>Further on, in a blob of this version.</summary>
    internal ImportExportRow At(ImportPlace place, string? etag) => this with { InputPart = place.Part, InputEtag = etag, InputLines = place.Line, InputBytes = place.Bytes };

    internal ImportExportJob Show() => new()
    {
        JobId = JobId,
        Type = JobType,
        Status = Status,
        Created = new DateTimeOffset(Created, TimeSpan.Zero),
        EndTime = Ended == 0 ? null : new DateTimeOffset(Ended, TimeSpan.Zero),
        Progress = (int)Progress,
        FailureReason = FailureReason,
        ExcludeKeysInExport = ReadSettings().ExcludeKeys,
        ConfigurationsBlobName = ReadSettings().ConfigurationsBlob,
    };

    public override string ToString() => $"{JobType} {JobId} ***";
}

/// <param name="InputBlob">Name.</param>
/// <param name="OutputBlob">Name.</param>
/// <param name="ExcludeKeys">Of exports.</param>
/// <param name="ConfigurationsBlob">Name; null when configurations are left alone.</param>
internal sealed record ImportExportSettings(string InputBlob, string OutputBlob, bool ExcludeKeys, string? ConfigurationsBlob = null)
{
    /// <summary>What an import reads, one after the other.</summary>
    internal IReadOnlyList<string> InputBlobs() => ConfigurationsBlob is null ? [InputBlob] : [InputBlob, ConfigurationsBlob];
}

/// <summary>How far an import is.</summary>
/// <param name="Part">Blob, of those that it reads.</param>
/// <param name="Line">Lines of it that are done.</param>
/// <param name="Bytes">Bytes of it that are done.</param>
internal readonly record struct ImportPlace(long Part, long Line, long Bytes);

/// <summary>JSON of this feature.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, PropertyNameCaseInsensitive = true, AllowDuplicateProperties = false, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, MaxDepth = 64)]
[JsonSerializable(typeof(ImportExportSettings))]
[JsonSerializable(typeof(ImportedLine))]
internal sealed partial class ImportExportJson : JsonSerializerContext;
