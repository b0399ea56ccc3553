using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.Registry;
using Gatehouse.Store;

namespace Gatehouse.Hub.Twins;

/// <summary>The twins of devices and modules: what back ends write and devices read, and the other way round.</summary>
public sealed class Twins
{
    private const int MaxModelIdLength = 256;

    private readonly Database database;
    private readonly TwinViews views;
    private readonly TwinWriter writer;
    private readonly ReportQueue reports;
    private readonly DesiredWatches watches;
    private readonly TwinChanges changes;
    private readonly TwinOptions options;

    internal Twins(Database database, TwinViews views, TwinWriter writer, ReportQueue reports, DesiredWatches watches, TwinChanges changes, TwinOptions options)
    {
        this.database = database;
        this.views = views;
        this.writer = writer;
        this.reports = reports;
        this.watches = watches;
        this.changes = changes;
        this.options = options;
    }

    /// <summary>The whole twin, for back ends. DeviceNotFound, also for a module, as the service.</summary>
    public async Task<Result<Twin>> GetAsync(HubName hub, IdentityKey key, CancellationToken cancellationToken) =>
        await views.FindAsync(hub, key, cancellationToken) is { } twin ? twin : HubErrors.DeviceNotFound;

    /// <summary>Writes tags and desired properties in one transaction, and tells the device. Returns the whole twin. DeviceNotFound, PreconditionFailed, ArgumentInvalid, MessageTooLarge.</summary>
    /// <param name="hub">Hub.</param>
    /// <param name="actor">Who, for the audit record.</param>
    /// <param name="key">Whose twin.</param>
    /// <param name="update">What; nothing is written when it is empty.</param>
    /// <param name="ifMatch">Absent and any are the same: a twin is there as long as its identity.</param>
    /// <param name="cancellationToken">Ends the write before its commit.</param>
    public async Task<Result<Twin>> UpdateAsync(HubName hub, string actor, IdentityKey key, TwinUpdate update, IfMatch ifMatch, CancellationToken cancellationToken)
    {
        var written = await database.WriteAsync((transaction, token) => writer.WriteAsync(transaction, hub, actor, key, update, ifMatch, token), cancellationToken);
        return written.IsOk ? views.Show(hub, written.Value) : written.Error;
    }

    /// <summary>What the device itself may read, UTF-8: <c>{"desired":{…,"$version":n},"reported":{…,"$version":n}}</c>; no tags, no metadata. DeviceNotFound.</summary>
    /// <param name="hub">Hub.</param>
    /// <param name="key">Who reads.</param>
    /// <param name="generationId">Of the reader's identity: the twin of a later owner of its name is not found. Null for any.</param>
    /// <param name="cancellationToken">Ends the read.</param>
    public async Task<Result<ReadOnlyMemory<byte>>> ReadPropertiesAsync(HubName hub, IdentityKey key, string? generationId, CancellationToken cancellationToken)
    {
        var row = await database.ReadAsync((connection, token) => TwinRows.FindPropertiesAsync(connection, hub, key, token), cancellationToken);
        return row is null || !IsOf(generationId, row.GenerationId) ? HubErrors.DeviceNotFound : TwinText.Properties(row.Desired, row.DesiredVersion, row.Reported, row.ReportedVersion);
    }

    /// <summary>Merges what the device reports; durable when it returns the new <c>$version</c>. ArgumentInvalid, MessageTooLarge, PreconditionFailed, DeviceNotFound, ThrottlingException, DeviceThrottlingLimitExceeded, ServiceUnavailable.</summary>
    /// <param name="hub">Hub.</param>
    /// <param name="key">Who reports.</param>
    /// <param name="generationId">Of the reporter's identity: a later owner of its name gets nothing. Null for any.</param>
    /// <param name="patch">JSON merge patch, UTF-8, as the device sent it; read before this returns.</param>
    /// <param name="expectedVersion">The version that the reported properties must have; null for any.</param>
    /// <param name="cancellationToken">Ends the waiting, not the write.</param>
    public async Task<Result<long>> ReportAsync(HubName hub, IdentityKey key, string? generationId, ReadOnlyMemory<byte> patch, long? expectedVersion, CancellationToken cancellationToken)
    {
        if (patch.Length > options.MaxPatchBytes)
        {
            return HubErrors.MessageTooLarge.With($"The patch has more than {options.MaxPatchBytes} bytes.");
        }

        var content = SoundJson.Parse(patch.Span, options.MaxDepth + 1);
        if (!content.IsOk)
        {
            return content.Error;
        }

        if (TwinRules.Check(patch.Span, options) is { } refused)
        {
            return refused;
        }

        return await reports.AddAsync(new PendingReport(new TwinPlace(hub, key), generationId, content.Value, patch.Length, expectedVersion)).WaitAsync(cancellationToken);
    }

    /// <summary>Tells every change of desired properties from now on, in the order of versions, until disposed. The action runs on the writer's thread: it must be quick and must not throw.</summary>
    /// <remarks>A device that subscribes and then reads misses nothing. Where changes were lost between nodes, the whole section is told instead.</remarks>
    public IDisposable WatchDesired(HubName hub, IdentityKey key, Action<DesiredChange> told) => watches.Add(hub, key, told);

    /// <summary>Keeps the model id that the device named when it connected; costs one read when it is the same. ArgumentInvalid, DeviceNotFound.</summary>
    public async Task<Result<bool>> SetModelIdAsync(HubName hub, IdentityKey key, string? generationId, string? modelId, CancellationToken cancellationToken)
    {
        var named = string.IsNullOrEmpty(modelId) ? null : modelId;
        if (named is not null && (named.Length > MaxModelIdLength || named.Any(character => character is < '!' or > '~')))
        {
            return HubErrors.ArgumentInvalid.With($"A model id has at most {MaxModelIdLength} characters of printable ASCII.");
        }

        var kept = await database.ReadAsync((connection, token) => TwinRows.FindModelIdAsync(connection, hub, key, token), cancellationToken);
        if (kept is null || !IsOf(generationId, kept.GenerationId))
        {
            return HubErrors.DeviceNotFound;
        }

        if (kept.ModelId == named)
        {
            return true;
        }

        return await database.WriteAsync<bool>(
            async (transaction, token) =>
            {
                if (await TwinRows.SetModelIdAsync(transaction, hub, key, kept.GenerationId, named, token) == 0)
                {
                    return HubErrors.DeviceNotFound;
                }

                await changes.AddModelAsync(transaction, hub, key, named, token);
                return true;
            },
            cancellationToken);
    }

    private static bool IsOf(string? wanted, string generationId) => wanted is null || wanted == generationId;
}
