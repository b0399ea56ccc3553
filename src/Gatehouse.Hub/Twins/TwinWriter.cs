using System.Text;
using System.Text.Json.Nodes;
using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Contracts.Signals;
using Gatehouse.Hub.Registry;
using Gatehouse.Store;

namespace Gatehouse.Hub.Twins;

/// <summary>Writes tags and desired properties inside someone's transaction, with the audit record and the word to the device.</summary>
internal sealed class TwinWriter(Database database, TwinChanges changes, TwinOptions options, TimeProvider time)
{
    /// <summary>DeviceNotFound (for a module too, as the service), PreconditionFailed, ArgumentInvalid, MessageTooLarge. Nothing is written then.</summary>
    /// <param name="transaction">Someone's.</param>
    /// <param name="hub">Hub.</param>
    /// <param name="actor">Who, for the audit record.</param>
    /// <param name="key">Whose twin.</param>
    /// <param name="update">What.</param>
    /// <param name="ifMatch">The version that it must have.</param>
    /// <param name="cancellationToken">Ends the write.</param>
    /// <param name="generationId">Of the identity that is meant: the twin of a later owner of its name is not found. Null for any.</param>
    internal async Task<Result<TwinRow>> WriteAsync(
        WriteTransaction transaction, HubName hub, string actor, IdentityKey key, TwinUpdate update, IfMatch ifMatch, CancellationToken cancellationToken, string? generationId = null)
    {
        if (Check(update) is { } refused)
        {
            return refused;
        }

        if (await TwinRows.LockAsync(transaction, database.Dialect, hub, key, time.GetUtcNow(), cancellationToken) is not { } present || (generationId is not null && generationId != present.GenerationId))
        {
            return HubErrors.DeviceNotFound;
        }

        if (ifMatch.Kind == IfMatchKind.Version && ifMatch.ETag != present.WireETag)
        {
            return HubErrors.PreconditionFailed;
        }

        if (update.IsEmpty)
        {
            return present;
        }

        return await ApplyAsync(transaction, present with { Etag = present.Etag + 1, Version = present.Version + 1 }, update, actor, cancellationToken);
    }

    /// <summary>Writes what configurations set, and tells the device. The caller holds the twin's lock and has checked the result. Without an audit record: the configuration itself has one.</summary>
    internal async Task ConfigureAsync(WriteTransaction transaction, TwinRow row, JsonObject patch, CancellationToken cancellationToken)
    {
        var update = TwinUpdate.OfDesired(patch);
        row = row with { Etag = row.Etag + 1, Version = row.Version + 1 };
        var stamp = TwinStamp.At(time.GetUtcNow(), row.DesiredVersion + 1);
        var desired = new SectionMerge(row.Desired, row.DesiredMetadata, update.Desired!, stamp);
        row = SetDesired(transaction, row, desired, update);
        await TwinRows.UpdateAsync(transaction, database.Dialect, row, cancellationToken);
        await changes.AddUpdateAsync(transaction, row, update, stamp, cancellationToken);
    }

    private async Task<Result<TwinRow>> ApplyAsync(WriteTransaction transaction, TwinRow row, TwinUpdate update, string actor, CancellationToken cancellationToken)
    {
        var stamp = TwinStamp.At(time.GetUtcNow(), row.DesiredVersion + 1);
        var tags = update.Tags is null ? null : new SectionMerge(row.Tags, null, update.Tags, default);
        var desired = update.Desired is null ? null : new SectionMerge(row.Desired, row.DesiredMetadata, update.Desired, stamp);
        if (tags is not null)
        {
            if (TwinRules.CheckSize(tags.Text, "tags", options.MaxTagsBytes) is { } tooLarge)
            {
                return tooLarge;
            }

            row = row with { Tags = Encoding.UTF8.GetString(tags.Text) };
        }

        if (desired is not null)
        {
            if (TwinRules.CheckSize(desired.Text, "desired properties", options.MaxDesiredBytes) is { } tooLarge)
            {
                return tooLarge;
            }

            row = SetDesired(transaction, row, desired, update);
        }

        await TwinRows.UpdateAsync(transaction, database.Dialect, row, cancellationToken);
        if (tags is not null)
        {
            await TwinTags.WriteAsync(transaction, row, tags.Before, tags.After, cancellationToken);
        }

        transaction.Audit(Record(row, update, actor));
        await changes.AddUpdateAsync(transaction, row, update, stamp, cancellationToken);
        return row;
    }

    private static TwinRow SetDesired(WriteTransaction transaction, TwinRow row, SectionMerge desired, TwinUpdate update)
    {
        row = row with { Desired = Encoding.UTF8.GetString(desired.Text), DesiredMetadata = Encoding.UTF8.GetString(TwinText.Write(desired.Metadata!)), DesiredVersion = row.DesiredVersion + 1 };
        transaction.Signal(Tell(row, desired.IsWhole ? desired.Text : TwinText.Write(update.Desired!.Content)));
        return row;
    }

    /// <summary>Null when what the update says may stand in a twin, as far as it shows without the twin.</summary>
    internal HubError? Check(TwinUpdate update) => Check(update.Tags) ?? Check(update.Desired);

    private HubError? Check(SectionWrite? section) => section is null ? null : TwinRules.Check(TwinText.Write(section.Content), options);

    private static Signal Tell(TwinRow row, ReadOnlySpan<byte> json) =>
        new(SignalSubjects.DesiredChanged, row.Hub, row.ToString()) { Payload = DesiredSignal.Encode(row.DesiredVersion, json) };

    // Which sections and which versions, not what they hold.
    private static AuditRecord Record(TwinRow row, TwinUpdate update, string actor)
    {
        var detail = new JsonObject { ["version"] = row.Version };
        if (update.Tags is not null)
        {
            detail["tags"] = "written";
        }

        if (update.Desired is not null)
        {
            detail["desiredVersion"] = row.DesiredVersion;
        }

        return new AuditRecord { Hub = row.Hub, Actor = actor, Action = update.IsReplacement ? "twin.replace" : "twin.update", Subject = row.ToString(), Detail = detail.ToJsonString() };
    }
}
