using System.Security.Cryptography;
using System.Text;
using Gatehouse.Contracts.Transparency;
using Gatehouse.Keys;
using Gatehouse.Keys.Signing;
using Gatehouse.Store.TrustLog;

namespace Gatehouse.Hub.TrustLog;

/// <summary>The key of the trust log, open between signatures. Used by one caller at a time.</summary>
internal sealed class TrustLogSigner(KeyCustody custody) : IDisposable
{
    private (string Address, SigningKeyHandle Handle)? open;

    /// <summary>Name of a log that has never been, so that who knows another takes it for another; and the place for its key, in the first key store of the server: nodes that begin at once make a key each, and one of them begins.</summary>
    /// <param name="host">What the name begins with.</param>
    internal (string Origin, KeyAddress Key) New(string host)
    {
        var id = RandomNumberGenerator.GetHexString(8, lowercase: true);
        return ($"{host}/trust-log/{id}", new KeyAddress(custody.Stores.All[0].Name, $"trust-log-{id}"));
    }

    /// <summary>Opens a key for a log, or makes it.</summary>
    /// <exception cref="KeysException">It cannot be had, or is of another type than ec-p256.</exception>
    internal Func<string, NoteKey> OpenOrCreate(KeyAddress key)
    {
        using var handle = Find(key) ?? custody.Stores.CreateSigning(key, SigningKeyType.EcP256);
        if (handle.Type != SigningKeyTypes.WordOf(SigningKeyType.EcP256))
        {
            throw new KeysException($"The key '{key}' is {handle.Type}; the trust log is signed by ec-p256.") { Fault = KeysFault.Refused };
        }

        var publicKey = handle.PublicKeyInfo.ToArray();
        return origin => NoteKey.Of(origin, publicKey);
    }

    /// <summary>A checkpoint of the tree, signed.</summary>
    /// <exception cref="KeysException">The key cannot be reached, or is not the one that the log names.</exception>
    internal string Sign(TrustLogState state)
    {
        var key = state.Signing;
        var text = new Checkpoint(state.Origin, state.Size, state.Root).Text;
        try
        {
            var handle = Open(key);
            var known = NoteKey.Of(state.Origin, handle.PublicKeyInfo.Span);
            if (known.ToString() != key.VerifierKey)
            {
                throw new KeysException($"The key '{key.Address}' of this node is not the one of the log.") { Fault = KeysFault.Damaged };
            }

            var bytes = Encoding.UTF8.GetBytes(text);
            return new SignedNote(text, [new NoteSignature(known.Name, known.Id, handle.Sign(bytes, HashAlgorithmName.SHA256))]).ToString();
        }
        catch (KeysException)
        {
            Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        open?.Handle.Dispose();
        open = null;
    }

    private SigningKeyHandle Open(TrustLogKey key)
    {
        if (open is { } present && present.Address == key.Address)
        {
            return present.Handle;
        }

        Dispose();
        var handle = custody.Stores.OpenSigning(KeyAddress.TryParse(key.Address, out var address) ? address : throw new KeysException($"'{key.Address}' is no address of a key."));
        open = (key.Address, handle);
        return handle;
    }

    private SigningKeyHandle? Find(KeyAddress key)
    {
        try
        {
            return custody.Stores.OpenSigning(key, isNew: true);
        }
        catch (KeysException error) when (error.Fault == KeysFault.NotFound)
        {
            return null;
        }
    }
}
