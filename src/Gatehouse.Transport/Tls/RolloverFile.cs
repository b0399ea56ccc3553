using System.Text.Json;
using System.Text.Json.Serialization;
using Gatehouse.Contracts.Audit;

namespace Gatehouse.Transport.Tls;

/// <summary>Which certificates are shown, as it lies in <c>rollover.json</c>: the one place that decides, so that a kill leaves the state before a step or after it.</summary>
internal sealed record RolloverFile
{
    public const string FileName = "rollover.json";

    /// <summary>Which of its own roots the server signs with: empty for the first one, else the id in the names of its files.</summary>
    public string Made { get; init; } = "";

    /// <summary>Id of the certificate that was handed in; null: none.</summary>
    public string? Installed { get; init; }

    public CertificateChange? Change { get; init; }

    /// <summary>Not yet in the audit log.</summary>
    public IReadOnlyList<AuditRecord> Records { get; init; } = [];

    /// <summary>Its own root and the handed-in certificate, once the change is through.</summary>
    [JsonIgnore]
    public (string Made, string? Installed) Next => Change?.Kind switch
    {
        CertificateChange.Certificate => (Made, Change.Id),
        CertificateChange.Root => (Change.Id, Installed),
        CertificateChange.Files => (Made, null),
        _ => (Made, Installed),
    };

    /// <exception cref="TransportException">It cannot be understood.</exception>
    public static RolloverFile Read(string folder)
    {
        var path = Path.Combine(folder, FileName);
        if (!File.Exists(path))
        {
            return new RolloverFile();
        }

        try
        {
            // Whatever the annotations say, JSON may leave out or null any of it.
            var file = JsonSerializer.Deserialize(File.ReadAllText(path), RolloverJson.Default.RolloverFile);
            return file is { Made: not null, Records: not null } && file.Records.All(static each => each is not null) && IsId(file.Made, mayBeEmpty: true)
                && (file.Installed is null || IsId(file.Installed, mayBeEmpty: false))
                && (file.Change is null || file.Change.IsSound) ? file : throw new JsonException();
        }
        catch (JsonException error)
        {
            throw new TransportException($"{path} is damaged. Restore it from a backup; without it the server does not know which certificate to show.", error);
        }
    }

    public void Write(string folder) => KeyFiles.Write(Path.Combine(folder, FileName), JsonSerializer.Serialize(this, RolloverJson.Default.RolloverFile) + "\n", isSecret: true);

    /// <summary>Ids stand in file names.</summary>
    public static bool IsId(string? text, bool mayBeEmpty) => text is not null && (text.Length == 0 ? mayBeEmpty : text.Length <= 32 && text.All(char.IsAsciiHexDigitLower));
}

/// <summary>A change of the server's certificate that is under way.</summary>
internal sealed record CertificateChange
{
    public const string Certificate = "certificate";
    public const string Root = "root";
    public const string Files = "files";

    public const string Staged = "staged";
    public const string Canary = "canary";
    public const string Switched = "switched";

    /// <summary>Of the files; of no meaning for <see cref="Files"/>.</summary>
    public required string Id { get; init; }

    public required string Kind { get; init; }

    public required string Phase { get; init; }

    /// <summary>Whose policy staged it: what the server does by itself is recorded for that hub.</summary>
    public required string Hub { get; init; }

    public required DateTimeOffset StagedAt { get; init; }

    public int Percent { get; init; }

    public int RollBackAt { get; init; }

    public DateTimeOffset? SwitchedAt { get; init; }

    public DateTimeOffset? WatchedUntil { get; init; }

    public string? RolledBack { get; init; }

    public IReadOnlyList<string> Warnings { get; init; } = [];

    [JsonIgnore]
    public bool IsSound => RolloverFile.IsId(Id, mayBeEmpty: false) && Kind is Certificate or Root or Files && Phase is Staged or Canary or Switched && Hub is not null && Warnings is not null;
}

[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(RolloverFile))]
internal sealed partial class RolloverJson : JsonSerializerContext;
