using System.Text.Json;
using System.Text.Unicode;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.Registry;

namespace Gatehouse.Hub.ImportExport;

/// <summary>One line of a blob of identities: an item of a bulk call.</summary>
internal sealed class ImportedLine
{
    public string? Id { get; init; }

    public string? ModuleId { get; init; }

    public string? ETag { get; init; }

    public string? ImportMode { get; init; }

    public string? Status { get; init; }

    public string? StatusReason { get; init; }

    public LineAuthentication? Authentication { get; init; }

    public LineCapabilities? Capabilities { get; init; }

    public string? DeviceScope { get; init; }

    public IReadOnlyList<string>? ParentScopes { get; init; }

    public string? ManagedBy { get; init; }

    public string? TwinETag { get; init; }

    public JsonElement? Tags { get; init; }

    public JsonElement? Properties { get; init; }

    /// <summary>The item of a line's text. IotHubFormatError, ArgumentInvalid.</summary>
    internal static Result<BulkItem> Read(ReadOnlySpan<byte> text)
    {
        // The serializer looks at no text that it only passes on.
        if (!Utf8.IsValid(text))
        {
            return HubErrors.IotHubFormatError.With("The line is not UTF-8.");
        }

        ImportedLine? line;
        try
        {
            line = JsonSerializer.Deserialize(text, ImportExportJson.Default.ImportedLine);
        }
        catch (JsonException)
        {
            return HubErrors.IotHubFormatError.With("The line is not the JSON of an identity.");
        }

        if (!DeviceId.TryParse(line?.Id, out var device))
        {
            return HubErrors.ArgumentInvalid.With("The id is missing or no device id.");
        }

        ModuleId? module = null;
        if (!string.IsNullOrEmpty(line.ModuleId))
        {
            if (!Contracts.Identities.ModuleId.TryParse(line.ModuleId, out var known))
            {
                return HubErrors.ArgumentInvalid.With("The moduleId is no module id.");
            }

            module = known;
        }

        return ImportModes.TryRead(line.ImportMode, out var mode)
            ? new BulkItem(line.ToInput(new IdentityKey(device, module)), mode, line.ETag, line.TwinOf(mode))
            : HubErrors.ArgumentInvalid.With("The importMode is unknown.");
    }

    public override string ToString() => $"{Id} ***";

    // As in bulk calls, an update without authentication keeps what is stored.
    private IdentityInput ToInput(IdentityKey key) => new()
    {
        Key = key,
        Status = Status,
        StatusReason = StatusReason,
        Authentication = Authentication?.ToInput(),
        KeepsCredentials = true,
        IsEdge = Capabilities?.IotEdge,
        DeviceScope = DeviceScope,
        ParentScopes = ParentScopes,
        ManagedBy = ManagedBy,
    };

    // An exported line bears the version that the twin had: it counts where the mode says that versions are compared, not when the line is read into another hub.
    private BulkTwin? TwinOf(ImportMode mode)
    {
        var isCompared = mode is Hub.Registry.ImportMode.UpdateIfMatchETag or Hub.Registry.ImportMode.CreateOrUpdateIfMatchETag or Hub.Registry.ImportMode.UpdateTwinIfMatchETag;
        return BulkTwin.Of(Tags, Properties, isCompared ? TwinETag : null);
    }

    internal sealed class LineAuthentication
    {
        public string? Type { get; init; }

        public LineKeys? SymmetricKey { get; init; }

        public LineThumbprints? X509Thumbprint { get; init; }

        internal AuthenticationInput ToInput() => new()
        {
            Type = Type,
            PrimaryKey = SymmetricKey?.PrimaryKey,
            SecondaryKey = SymmetricKey?.SecondaryKey,
            PrimaryThumbprint = X509Thumbprint?.PrimaryThumbprint,
            SecondaryThumbprint = X509Thumbprint?.SecondaryThumbprint,
        };

        public override string ToString() => "***";
    }

    internal sealed class LineKeys
    {
        public string? PrimaryKey { get; init; }

        public string? SecondaryKey { get; init; }

        public override string ToString() => "***";
    }

    internal sealed class LineThumbprints
    {
        public string? PrimaryThumbprint { get; init; }

        public string? SecondaryThumbprint { get; init; }
    }

    internal sealed class LineCapabilities
    {
        public bool? IotEdge { get; init; }
    }
}
