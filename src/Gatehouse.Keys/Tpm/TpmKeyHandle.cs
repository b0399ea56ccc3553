namespace Gatehouse.Keys.Tpm;

/// <summary>Seals data keys under a primary key of the TPM. A wrapped key is TPM2B_PUBLIC, then TPM2B_PRIVATE of the sealed object.</summary>
internal sealed class TpmKeyHandle(TpmKeyStore store, string name, string id) : KeyHandle
{
    // TPMT_PUBLIC: keyed hash, SHA-256; fixedTPM, fixedParent, userWithAuth, noDA; no policy; no scheme: data, not a key.
    private static readonly byte[] SealedData = new TpmMessage().UInt16(0x0008).UInt16(0x000B).UInt32(0x0000_0452).Sized([]).UInt16(0x0010).Sized([]).ToArray();

    public override string Id => id;

    public override string Mechanism => "sealed by the TPM (P-256, AES-128)";

    public override byte[] Wrap(ReadOnlySpan<byte> key)
    {
        var clear = key.ToArray();
        try
        {
            return store.Use(name, (link, parent, present) =>
            {
                var (hidden, open) = link.Create(Same(parent, present), SealedData, clear);
                return new TpmMessage().Sized(open).Sized(hidden).ToArray();
            });
        }
        finally
        {
            System.Security.Cryptography.CryptographicOperations.ZeroMemory(clear);
        }
    }

    public override byte[] Unwrap(ReadOnlySpan<byte> wrapped)
    {
        var reader = new TpmReader(wrapped);
        var (open, hidden) = (reader.Sized().ToArray(), reader.Sized().ToArray());
        if (!reader.IsWhole || !reader.IsAtEnd)
        {
            throw Foreign(null);
        }

        return store.Use(name, (link, parent, present) =>
        {
            Same(parent, present);
            try
            {
                var item = link.Load(parent, hidden, open);
                try
                {
                    return link.Unseal(item);
                }
                finally
                {
                    TpmKeyStore.Flush(link, item);
                }
            }
            catch (TpmRefusal error) when (error.IsOfData)
            {
                throw Foreign(error);
            }
        });
    }

    protected override void Dispose(bool disposing)
    {
    }

    private uint Same(uint handle, string present) => present == id ? handle
        : throw new KeysException($"The TPM's key '{name}' is another than before ({present} instead of {id}): this is another TPM, or it was cleared.") { Fault = KeysFault.Unavailable };

    private KeysException Foreign(Exception? error) =>
        new($"A data key was not wrapped by wrapping key {id}, or was altered. Restore the keys directory from one backup as a whole.", error);
}
