using System.Security.Cryptography;
using Gatehouse.Keys.Signing;
using Net.Pkcs11Interop.Common;
using Net.Pkcs11Interop.HighLevelAPI;

namespace Gatehouse.Keys.Pkcs11;

/// <summary>Keys in a token of an HSM. Each call opens a session, logs in, and leaves again; signatures alone share one that is kept, which ends when a token goes or anything else is done with it.</summary>
/// <remarks>Found by the token's label and the key's, never by numbers of slots, which change.</remarks>
internal sealed class TokenKeyStore(KeyStoreAddress.Token address, string directory) : KeyStore
{
    // CK_TOKEN_INFO.flags, PKCS#11 2.40 §3.2.
    internal const ulong LoginRequired = 0x4;
    internal const ulong FinalTry = 0x20000;
    internal const ulong Locked = 0x40000;

    private const string Vanished = "It has just vanished.";

    private readonly Pkcs11Module module = Pkcs11Module.At(address.ModulePath);
    private readonly PinFile? pin = address.PinSource is null ? null : new PinFile(address.PinSource, address.Label, directory);

    public override string Name { get; } = KeyAddress.TokenStore(address.Label);

    public override KeyHandle? Find(string key) => Use(isWriting: false, (session, slot) => TokenKeys.Find(session, slot, key) is { } found ? new TokenKeyHandle(this, key, found) : null);

    public override KeyHandle Create(string key) => Use(isWriting: true, (session, slot) => new TokenKeyHandle(this, key, TokenKeys.Create(session, slot, Free(session, key))));

    public override SigningKeyHandle? FindSigning(string key) => UseKept(kept => kept.Find(key) is { } found ? new TokenSigningKeyHandle(this, key, found) : null);

    public override SigningKeyHandle CreateSigning(string key, SigningKeyType type) =>
        Use(isWriting: true, (session, slot) => new TokenSigningKeyHandle(this, key, TokenSigningKeys.Create(session, slot, Free(session, key), type)));

    internal override bool KeepsSecrets => true;

    internal override SecretsKey? FindSecrets(string key) => UseKept(kept => kept.FindSecretsKey(key) is { } found ? new TokenSecretsKey(this, key, found.Id) : null);

    internal override SecretsKey CreateSecrets(string key) => Use(isWriting: true, (session, slot) => new TokenSecretsKey(this, key, TokenSecretsKey.Create(session, slot, Free(session, key))));

    public override IReadOnlyList<StoredKey> List() => Use(isWriting: false, (session, slot) => TokenKeys.Names(session).Select(key => Describe(session, slot, key)).ToList());

    /// <summary>Runs one piece of work in a session of its own; once more after a fresh start of the library when the token has gone, as it may have come back.</summary>
    /// <exception cref="KeysException">The token is not there or does not let us in.</exception>
    internal T Use<T>(bool isWriting, Func<ISession, ISlot, T> work)
    {
        lock (module.Turn)
        {
            module.Drop(address.Label);
            return Try(slot => InSession(slot, isWriting, work));
        }
    }

    /// <summary>Runs one piece of work in the session that is kept for signatures; opens it where there is none, and anew when the token has gone.</summary>
    /// <exception cref="KeysException">The token is not there or does not let us in.</exception>
    internal T UseKept<T>(Func<KeptSession, T> work)
    {
        lock (module.Turn)
        {
            if (module.KeptOf(address.Label) is { IsFresh: true } kept)
            {
                try
                {
                    return work(kept);
                }
                catch (Pkcs11Exception error) when (IsLoss(error.RV))
                {
                    // Once more below, from the beginning.
                }
                catch (Pkcs11Exception error)
                {
                    throw Failed(error);
                }
            }

            module.Drop(address.Label);
            return Try(slot => work(OpenKept(slot)));
        }
    }

    private T Try<T>(Func<ISlot, T> work)
    {
        for (var isFirst = true; ; isFirst = false)
        {
            try
            {
                if (Slot() is { } slot)
                {
                    return work(slot);
                }

                if (!isFirst)
                {
                    throw Trouble($"Token '{address.Label}' is not there ({address.ModulePath}). Is it plugged in, and its library set up for this user?");
                }
            }
            catch (Pkcs11Exception error) when (isFirst && IsLoss(error.RV))
            {
                // The library is asked once more below.
            }
            catch (Pkcs11Exception error)
            {
                throw Failed(error);
            }

            module.Stop();
        }
    }

    /// <summary>What the state of a token forbids before any PIN is tried; null when nothing does.</summary>
    internal static string? Forbids(ulong flags) =>
        (flags & Locked) != 0 ? "has locked its PIN after too many wrong ones. Its security officer sets a new one."
        : (flags & FinalTry) != 0 ? "has one try left before it locks its PIN, which is not risked here. Log in once by hand with the right PIN (pkcs11-tool --login --list-objects)."
        : null;

    private KeptSession OpenKept(ISlot slot)
    {
        var session = slot.OpenSession(SessionType.ReadOnly);
        try
        {
            LogIn(slot, session);
            return module.Keep(address.Label, new KeptSession(session, slot));
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    private T InSession<T>(ISlot slot, bool isWriting, Func<ISession, ISlot, T> work)
    {
        using var session = slot.OpenSession(isWriting ? SessionType.ReadWrite : SessionType.ReadOnly);
        LogIn(slot, session);
        try
        {
            return work(session, slot);
        }
        finally
        {
            LogOut(session);
        }
    }

    private void LogIn(ISlot slot, ISession session)
    {
        var flags = slot.GetTokenInfo().TokenFlags.Flags;
        if ((flags & LoginRequired) == 0)
        {
            return;
        }

        if (Forbids(flags) is { } reason)
        {
            throw Trouble($"Token '{address.Label}' {reason}");
        }

        var secret = (pin ?? throw Trouble($"Token '{address.Label}' wants a PIN: name its file with pin-source.")).Read();
        try
        {
            session.Login(CKU.CKU_USER, secret);
            pin.Taken();
        }
        catch (Pkcs11Exception error) when (error.RV is CKR.CKR_PIN_INCORRECT or CKR.CKR_PIN_INVALID or CKR.CKR_PIN_LEN_RANGE or CKR.CKR_PIN_LOCKED or CKR.CKR_PIN_EXPIRED)
        {
            throw pin.Refused(error);
        }
        catch (Pkcs11Exception error) when (error.RV == CKR.CKR_USER_ALREADY_LOGGED_IN)
        {
            // Another part of the process is; its log-in serves.
        }
        finally
        {
            CryptographicOperations.ZeroMemory(secret);
        }
    }

    private static void LogOut(ISession session)
    {
        try
        {
            session.Logout();
        }
        catch (Pkcs11Exception)
        {
            // The token went away, or wanted no log-in; closing the session is all that is left.
        }
    }

    private ISlot? Slot() => module.Open().GetSlotList(SlotsType.WithTokenPresent).FirstOrDefault(slot => LabelOf(slot) == address.Label);

    // A slot may lose its token between the list and the question.
    private static string? LabelOf(ISlot slot)
    {
        try
        {
            return slot.GetTokenInfo().Label.TrimEnd();
        }
        catch (Pkcs11Exception)
        {
            return null;
        }
    }

    private string Free(ISession session, string key) => TokenKeys.IsTaken(session, key) ? throw new KeysException($"There is a key '{new KeyAddress(Name, key)}' already.") { Fault = KeysFault.Exists } : key;

    private StoredKey Describe(ISession session, ISlot slot, string key)
    {
        var (at, use) = (new KeyAddress(Name, key), TokenKeys.UseOf(session, key));
        try
        {
            if (use == KeyUse.Wrapping)
            {
                var found = TokenKeys.Find(session, slot, key);
                return new StoredKey(at, found?.Id, found?.Mechanism, found is null ? Vanished : null);
            }

            if (use == KeyUse.Secrets)
            {
                var found = TokenSecretsKey.Find(session, key);
                return new StoredKey(at, found?.Id, found is null ? null : TokenSecretsKey.Mechanism, found is null ? Vanished : null) { Use = use };
            }

            using var handle = TokenSigningKeys.Find(session, slot, key) is { } signing ? new TokenSigningKeyHandle(this, key, signing) : null;
            return new StoredKey(at, handle?.Id, handle?.Mechanism, handle is null ? Vanished : null) { Use = use };
        }
        catch (KeysException error)
        {
            return new StoredKey(at, null, null, error.Message) { Use = use };
        }
    }

    private static bool IsLoss(CKR code) => code is CKR.CKR_DEVICE_REMOVED or CKR.CKR_DEVICE_ERROR or CKR.CKR_TOKEN_NOT_PRESENT or CKR.CKR_TOKEN_NOT_RECOGNIZED or CKR.CKR_SLOT_ID_INVALID
        or CKR.CKR_SESSION_HANDLE_INVALID or CKR.CKR_SESSION_CLOSED or CKR.CKR_USER_NOT_LOGGED_IN or CKR.CKR_CRYPTOKI_NOT_INITIALIZED or CKR.CKR_GENERAL_ERROR or CKR.CKR_FUNCTION_FAILED
        or CKR.CKR_OBJECT_HANDLE_INVALID or CKR.CKR_KEY_HANDLE_INVALID or CKR.CKR_WRAPPING_KEY_HANDLE_INVALID or CKR.CKR_UNWRAPPING_KEY_HANDLE_INVALID or CKR.CKR_HOST_MEMORY or CKR.CKR_DEVICE_MEMORY;

    private KeysException Failed(Pkcs11Exception error) => Trouble($"Token '{address.Label}' failed: {error.RV} in {error.Method}.", error);

    private static KeysException Trouble(string message, Exception? inner = null) => new(message, inner) { Fault = KeysFault.Unavailable };
}
