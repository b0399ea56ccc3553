using System.Text.Json.Nodes;
using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Identities;
using Gatehouse.Contracts.Signals;
using Gatehouse.Hub.Twins;
using Gatehouse.Store;
using Gatehouse.Store.Certificates;

namespace Gatehouse.Hub.Registry;

/// <summary>One registry transaction: who changes which hub, and what every change leaves behind.</summary>
internal sealed class RegistryChange(WriteTransaction transaction, HubName hub, string actor, RegistryCounts counts, TwinChanges changes)
{
    internal WriteTransaction Transaction { get; } = transaction;

    internal HubName Hub { get; } = hub;

    /// <summary>Who changes, for the audit records.</summary>
    internal string Actor { get; } = actor;

    /// <summary>Written back at the end of the transaction.</summary>
    internal RegistryCounts Counts { get; } = counts;

    /// <summary>How the hub makes keys; null until it was looked up (<see cref="DerivationKeys"/>).</summary>
    internal KeyMaking? Making { get; set; }

    /// <summary>An identity came or is about to go: its twin, new or last, is told.</summary>
    internal Task TellAsync(IdentityRow row, TwinChangeKind kind, CancellationToken cancellationToken) => changes.AddLifecycleAsync(Transaction, Hub, row, kind, cancellationToken);

    /// <summary>The certificates of an identity that has something else since let it in no more.</summary>
    internal Task RetireCertificatesAsync(IdentityRow before, IdentityRow now, CancellationToken cancellationToken) => IsByCertificate(before.Kind) && !IsByCertificate(now.Kind)
        ? KnownCertificateRows.RetireAsync(Transaction, Hub.Value, now.DeviceId, now.ModuleId, null, cancellationToken)
        : Task.CompletedTask;

    private static bool IsByCertificate(CredentialKind kind) => kind is CredentialKind.SelfSigned or CredentialKind.CertificateAuthority;

    /// <summary>Audit record and signal; the record names what changed, never a key.</summary>
    /// <param name="verb"><c>create</c>, <c>update</c> or <c>delete</c>.</param>
    /// <param name="row">What is stored now (delete: what was).</param>
    /// <param name="keys"><c>given</c>, <c>generated</c>, <c>derived</c>, <c>kept</c> …; null when that says nothing.</param>
    internal void Record(string verb, IdentityRow row, string? keys)
    {
        var detail = new JsonObject { ["generationId"] = row.GenerationId, ["authentication"] = CredentialWords.Of(row.Kind) };
        if (keys is not null)
        {
            detail["credential"] = keys;
        }

        if (!row.IsModule)
        {
            detail["status"] = row.IsDisabled == 0 ? "enabled" : "disabled";
            detail["iotEdge"] = row.IsEdge != 0;
        }

        Transaction.Audit(new AuditRecord
        {
            Hub = Hub.Value,
            Actor = Actor,
            Action = row.IsModule ? $"module.{verb}" : $"device.{verb}",
            Subject = row.ToString(),
            Detail = detail.ToJsonString(),
        });
        Transaction.Signal(new Signal(SignalSubjects.IdentityChanged, Hub.Value, row.ToString()));
    }
}
