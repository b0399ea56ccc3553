using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;

namespace Gatehouse.Store.Rotation;

/// <summary>Pairs of keys that another room than the hub's keeps, and that are rotated by plans as those of the hub are. That room implements it; the engine of plans is the hub's (decisions/0045).</summary>
/// <remarks>A key is one of <see cref="Slots"/>. What takes a transaction is called in the one of the step, after <see cref="LockAsync"/>.</remarks>
public interface IRotatedKeys
{
    /// <summary>Kind of its plans, as <c>group-key</c>.</summary>
    string Kind { get; }

    /// <summary>Whether a plan makes the key that clients move to; false when it is there already, and the plan begins with the move.</summary>
    bool RenewsFirst => true;

    /// <summary>What both are.</summary>
    string What => "key";

    /// <summary>Names of the two.</summary>
    (string Primary, string Secondary) Slots => (CredentialName.PrimaryKey, CredentialName.SecondaryKey);

    /// <summary>Who may have such plans.</summary>
    IReadOnlyList<HubName> Tenants { get; }

    /// <summary>The name as it is spelled. What says that there is none, or that it has no keys that can be rotated.</summary>
    Task<Result<string>> FindAsync(HubName tenant, string name, CancellationToken cancellationToken);

    /// <summary>What is said of it.</summary>
    RotatedKeysWords WordsFor(string name);

    /// <summary>Who uses both keys, as they are now.</summary>
    /// <param name="tenant">Whose.</param>
    /// <param name="name">Which.</param>
    /// <param name="isDecisive">Whether a key may be about to go: then it is looked at anew, however much that costs.</param>
    /// <param name="cancellationToken">Ends the look-up.</param>
    Task<RotatedKeysUse> ReadUseAsync(HubName tenant, string name, bool isDecisive, CancellationToken cancellationToken);

    /// <summary>Holds the tenant's row until the end of the transaction; what says that there is none, else null.</summary>
    Task<HubError?> LockAsync(WriteTransaction write, HubName tenant, CancellationToken cancellationToken);

    /// <summary>A text that is another one whenever somebody has changed the keys; null when they are gone.</summary>
    Task<string?> MarkAsync(WriteTransaction write, HubName tenant, string name, CancellationToken cancellationToken);

    /// <summary>Whether a key may be all that lets somebody in although nobody was seen by it.</summary>
    Task<bool> IsLastWayInAsync(WriteTransaction write, HubName tenant, string name, CancellationToken cancellationToken);

    /// <summary>What else keeps the old key although nobody uses it now, as one sentence; null for nothing.</summary>
    /// <param name="write">The transaction.</param>
    /// <param name="tenant">Whose.</param>
    /// <param name="name">Which.</param>
    /// <param name="last">The old key.</param>
    /// <param name="cancellationToken">Ends the look-up.</param>
    Task<string?> FindHoldAsync(WriteTransaction write, HubName tenant, string name, string last, CancellationToken cancellationToken);

    /// <summary>Makes a key anew (where the first one is there already: takes the last one out), with its audit record and signal; the mark as it is then.</summary>
    Task<string> RenewAsync(WriteTransaction write, HubName tenant, string name, string key, string actor, CancellationToken cancellationToken);
}

/// <param name="Subject">With its article: <c>enrollment group 'line-a'</c>.</param>
/// <param name="HandOut">How clients come by the new key: a sentence without its full stop; <c>{0}</c> stands for <c>primary</c> or <c>secondary</c>.</param>
/// <param name="Selector">What <c>gatehouse credential users</c> takes, without the key: <c>enrollment-group/line-a</c>.</param>
public sealed record RotatedKeysWords(string Subject, string HandOut, string Selector);

/// <param name="Primary">Of the primary key.</param>
/// <param name="Secondary">Of the secondary key.</param>
public sealed record RotatedKeysUse(RotatedKeyUse Primary, RotatedKeyUse Secondary);

/// <param name="LastUsed">By anybody, UTC ticks; 0 for never.</param>
/// <param name="Live">Who is connected by it now.</param>
public sealed record RotatedKeyUse(long LastUsed, long Live);
