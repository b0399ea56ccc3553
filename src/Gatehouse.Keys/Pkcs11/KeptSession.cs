using Net.Pkcs11Interop.Common;
using Net.Pkcs11Interop.HighLevelAPI;

namespace Gatehouse.Keys.Pkcs11;

/// <summary>A session of a token that stays logged in between signatures and uses of secrets, with the keys that were found in it. Used under the module's turn.</summary>
/// <remarks>A log-in costs an HSM more than a signature. It ends after a minute, so that a key that was removed, or a PIN that was changed, does not go on for long.</remarks>
internal sealed class KeptSession(ISession session, ISlot slot)
{
    private const long MostMilliseconds = 60_000;

    private readonly long opened = Environment.TickCount64;
    private readonly Dictionary<string, TokenSigningKey> keys = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (IObjectHandle Key, string Id)> secretsKeys = new(StringComparer.Ordinal);

    internal ISession Session => session;

    internal bool IsFresh => Environment.TickCount64 - opened < MostMilliseconds;

    /// <summary>The private key of this label.</summary>
    /// <exception cref="KeysException">It is there no more, or may not sign.</exception>
    internal TokenSigningKey? Find(string label)
    {
        if (keys.TryGetValue(label, out var known))
        {
            return known;
        }

        return TokenSigningKeys.Find(session, slot, label) is { } found ? keys[label] = found : null;
    }

    /// <summary>The key of this label under which secrets stay in the token.</summary>
    /// <exception cref="KeysException">It may not.</exception>
    internal (IObjectHandle Key, string Id)? FindSecretsKey(string label)
    {
        if (secretsKeys.TryGetValue(label, out var known))
        {
            return known;
        }

        return TokenSecretsKey.Find(session, label) is { } found ? secretsKeys[label] = found : null;
    }

    /// <summary>Logs out and closes it; a token that has gone took it along.</summary>
    internal void Close()
    {
        try
        {
            session.Logout();
        }
        catch (Pkcs11Exception)
        {
            // See below.
        }

        try
        {
            session.Dispose();
        }
        catch (Pkcs11Exception)
        {
            // It is being left, whatever state it is in.
        }
    }
}
