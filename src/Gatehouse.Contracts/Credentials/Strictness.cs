namespace Gatehouse.Contracts.Credentials;

/// <summary>What a hub asks of proofs, and of keys, beyond what the service asks. Everything is off by default.</summary>
public sealed record Strictness
{
    /// <summary>Nothing beyond what the service asks.</summary>
    public static Strictness None { get; } = new();

    /// <summary>How long before its end a token is taken at most, the allowance for clocks not counted; devices' and back ends'. Seconds, 600–31,536,000; 0 for as long as one likes.</summary>
    /// <remarks>A token has no beginning: one that was made for years passes in its last seconds.</remarks>
    public long MaxTokenSeconds { get; init; }

    /// <summary>Whether devices and modules must prove themselves by certificates: no token is taken from them, of whatever key.</summary>
    public bool IsX509Only { get; init; }

    /// <summary>Whether the tokens of devices and modules must be of their own keys, none of a policy's; only then one may also be narrower than its identity: <c>{host}/devices/{id}/messages/events</c>.</summary>
    public bool IsOwnTokensOnly { get; init; }

    /// <summary>Whether keys of devices and modules are derived, and none is stored any more: the hub takes no keys that others have made.</summary>
    public bool HasDerivedKeysOnly { get; init; }

    /// <summary>How long before its end a token is, where that is more than is taken; null where it is not.</summary>
    /// <param name="expiry">End, seconds since 1970. Any number: a client's "for ever" is 2^64-1.</param>
    /// <param name="now">Now.</param>
    /// <param name="allowance">How far a peer's clock may be ahead.</param>
    public ulong? SecondsTooLong(ulong expiry, DateTimeOffset now, TimeSpan allowance)
    {
        if (MaxTokenSeconds == 0)
        {
            return null;
        }

        var seconds = (ulong)Math.Max(0, now.ToUnixTimeSeconds());
        var left = expiry > seconds ? expiry - seconds : 0;
        return left > (ulong)MaxTokenSeconds + (ulong)allowance.TotalSeconds ? left : null;
    }
}

/// <summary>Tells when a hub's <see cref="Strictness"/> has changed. Implemented by Hub; safe from any thread.</summary>
public interface IStrictnessChanges
{
    /// <summary>Calls <paramref name="handler"/> once the change is in force on this node, until disposed: what was judged before and is taken in afterwards must be judged again. It must not throw or block.</summary>
    IDisposable Subscribe(Action<Identities.HubName> handler);
}
