using System.Buffers;
using System.Collections.Immutable;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.Registry;
using Gatehouse.Store;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Hub.Twins;

/// <summary>Tells this process's observers what this node did to twins, after the commit. While nobody observes, it costs nothing.</summary>
public sealed class TwinChanges(TimeProvider time, ILogger<TwinChanges> log)
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    private ImmutableArray<Action<TwinChange>> observers = [];

    internal bool IsObserved => !observers.IsEmpty;

    /// <summary>Calls the observer for each change until disposed, on the writer's thread: it must be quick and must not throw.</summary>
    public IDisposable Subscribe(Action<TwinChange> observer)
    {
        ImmutableInterlocked.Update(ref observers, static (all, added) => all.Add(added), observer);
        return new Subscription(this, observer);
    }

    /// <summary>What a back end wrote.</summary>
    internal void AddUpdate(WriteTransaction transaction, TwinRow row, TwinUpdate update, TwinStamp stamp)
    {
        if (!IsObserved)
        {
            return;
        }

        var body = new JsonObject { ["version"] = row.Version };
        if (update.Tags is { } tags)
        {
            body["tags"] = tags.Content.DeepClone();
        }

        if (update.Desired is { } desired)
        {
            body["properties"] = new JsonObject { ["desired"] = Delta(desired.Content, stamp, row.DesiredVersion) };
        }

        Add(transaction, HubName.Parse(row.Hub), row.Key, update.IsReplacement ? TwinChangeKind.ReplaceTwin : TwinChangeKind.UpdateTwin, row.Version, TwinText.Write(body));
    }

    /// <summary>What a device reported.</summary>
    internal void AddReport(WriteTransaction transaction, TwinPlace place, ReportedState state, JsonObject patch, TwinStamp stamp)
    {
        if (IsObserved)
        {
            var body = new JsonObject { ["version"] = state.TwinVersion, ["properties"] = new JsonObject { ["reported"] = Delta(patch, stamp, state.Version) } };
            Add(transaction, place.Hub, place.Key, TwinChangeKind.UpdateTwin, state.TwinVersion, TwinText.Write(body));
        }
    }

    /// <summary>An identity came, or is about to go: its twin as it is now.</summary>
    internal async Task AddLifecycleAsync(WriteTransaction transaction, HubName hub, IdentityRow identity, TwinChangeKind kind, CancellationToken cancellationToken)
    {
        if (IsObserved && await TwinRows.FindInAsync(transaction, hub, identity.Key, cancellationToken) is { } row)
        {
            Add(transaction, hub, identity.Key, kind, row.Version, Lifecycle(row));
        }
    }

    private void Add(WriteTransaction transaction, HubName hub, IdentityKey key, TwinChangeKind kind, long version, byte[] json)
    {
        var change = new TwinChange(hub, key, kind, version, time.GetUtcNow(), json);
        transaction.AfterCommit(() => Tell(change));
    }

    private void Tell(TwinChange change)
    {
        foreach (var observer in observers)
        {
            try
            {
                observer(change);
            }
            catch (Exception error)
            {
                log.TwinObserverFailed(error);
            }
        }
    }

    // The metadata of what the patch names, not of the whole section.
    private static JsonObject Delta(JsonObject patch, TwinStamp stamp, long version)
    {
        var metadata = new JsonObject();
        TwinMerge.Apply([], metadata, patch, stamp);
        var delta = patch.DeepClone().AsObject();
        delta["$metadata"] = metadata;
        delta["$version"] = version;
        return delta;
    }

    private static byte[] Lifecycle(TwinRow row)
    {
        var twin = row.Show(default);
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var writer = new Utf8JsonWriter(buffer, Options))
        {
            TwinDocument.WriteLifecycle(writer, twin);
        }

        return buffer.WrittenSpan.ToArray();
    }

    private sealed class Subscription(TwinChanges owner, Action<TwinChange> observer) : IDisposable
    {
        private int disposed;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref disposed, 1) == 0)
            {
                ImmutableInterlocked.Update(ref owner.observers, static (all, removed) => all.Remove(removed), observer);
            }
        }
    }
}
