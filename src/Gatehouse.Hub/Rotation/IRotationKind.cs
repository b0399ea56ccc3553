using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.Resources;
using Gatehouse.Store;

namespace Gatehouse.Hub.Rotation;

/// <summary>What one kind of plan knows of its two credentials: clients leave the last and move to the first.</summary>
/// <remarks>The order of the steps, the watch, the lease and the transactions are those of <see cref="RotationLook"/> and the same for all kinds.</remarks>
internal interface IRotationKind
{
    /// <summary>As inputs and rows name it.</summary>
    string Name { get; }

    /// <summary>Whether the plan makes the credential that clients move to; false when it is there already, and the plan begins with the move.</summary>
    bool RenewsFirst { get; }

    /// <summary>Who may have such plans; null: the hubs.</summary>
    IReadOnlyList<HubName>? Tenants => null;

    /// <summary>Holds the tenant's row until the end of the transaction; what says that there is none, else null.</summary>
    Task<HubError?> LockAsync(WriteTransaction write, SqlDialect dialect, HubName tenant, CancellationToken cancellationToken) => HubLock.TakeAsync(write, dialect, tenant, cancellationToken);

    /// <summary>Completes a plan: its subject as it is spelled, the credential that clients move to, and whether the other one was ever used. Its errors are those of the input.</summary>
    Task<Result<RotationRow>> DrawAsync(RotationRow plan, RotationInput input, CancellationToken cancellationToken);

    /// <summary>The credential that clients leave.</summary>
    string LastKey(RotationRow plan);

    /// <summary>What is said of the plan.</summary>
    RotationWords WordsFor(RotationRow plan);

    /// <summary>When the credential, as it is now, was last used by anybody: ticks; 0 for never.</summary>
    Task<long> LastUsedAsync(HubName hub, RotationRow plan, string key, CancellationToken cancellationToken);

    /// <summary>How many sessions, and rights on AMQP connections, stand on it now, on all nodes.</summary>
    Task<long> CountLiveAsync(HubName hub, RotationRow plan, string key, CancellationToken cancellationToken);

    /// <summary>Another open plan that concerns the same credentials; the hub is locked.</summary>
    Task<string?> FindRivalAsync(WriteTransaction write, RotationRow plan, CancellationToken cancellationToken);

    /// <summary>A text that is another one whenever somebody has changed what the plan is about; null when that is gone. The hub is locked, here and below.</summary>
    Task<string?> MarkAsync(WriteTransaction write, RotationRow plan, CancellationToken cancellationToken);

    /// <summary>Whether the last credential may be all that lets the operator in: then it stays until the first has been used, although nobody was seen by it.</summary>
    Task<bool> IsLastWayInAsync(WriteTransaction write, RotationRow plan, CancellationToken cancellationToken);

    /// <summary>What else keeps the last credential although nobody uses it now, as one sentence; null for nothing. Not asked once the time for the move is over.</summary>
    Task<string?> FindHoldAsync(WriteTransaction write, RotationRow plan, CancellationToken cancellationToken) => Task.FromResult<string?>(null);

    /// <summary>Who would fail if the last credential went now; null where the kind cannot name them.</summary>
    /// <param name="plan">Of which plan.</param>
    /// <param name="max">At most so many are named.</param>
    /// <param name="cancellationToken">Ends the look-up.</param>
    Task<RotationLaggards?> FindLaggardsAsync(RotationRow plan, int max, CancellationToken cancellationToken) => Task.FromResult<RotationLaggards?>(null);

    /// <summary>Makes the first credential anew, with its audit record and signal; the mark as it is then.</summary>
    Task<string> RenewFirstAsync(WriteTransaction write, RotationRow plan, CancellationToken cancellationToken);

    /// <summary>Ends the last credential, with its audit record and signal; the mark as it is then.</summary>
    Task<string> RetireLastAsync(WriteTransaction write, RotationRow plan, CancellationToken cancellationToken);
}
