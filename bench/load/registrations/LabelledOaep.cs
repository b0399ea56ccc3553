using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

[assembly: DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]

namespace Gatehouse.Bench.Registrations;

/// <summary>RSA-OAEP with SHA-256 and a label, which .NET does not have; by the OpenSSL that .NET runs on.</summary>
internal sealed partial class LabelledOaep
{
    private const string Library = "libcrypto.so.3";
    private const int OaepPadding = 4;

    private readonly nint key;

    internal LabelledOaep(RSA rsa)
    {
        var der = rsa.ExportRSAPrivateKey();
        unsafe
        {
            fixed (byte* start = der)
            {
                var at = start;
                key = Need(ReadPrivateKey(0, &at, der.Length));
            }
        }
    }

    internal byte[] Decrypt(byte[] secret, string label)
    {
        var words = Encoding.ASCII.GetBytes(label + '\0');
        var context = Need(NewContext(key, 0));
        try
        {
            // The context frees the label.
            var own = Need(Allocate(words.Length, 0, 0));
            Marshal.Copy(words, 0, own, words.Length);
            var isReady = BeginDecrypt(context) > 0 && SetPadding(context, OaepPadding) > 0 && SetDigest(context, Sha256()) > 0 && SetLabel(context, own, words.Length) > 0;
            var (plain, length) = (new byte[secret.Length], (nuint)secret.Length);
            return isReady && Decrypt(context, plain, ref length, secret, (nuint)secret.Length) > 0 ? plain[..(int)length] : throw new CryptographicException("TPM_RC_VALUE");
        }
        finally
        {
            FreeContext(context);
        }
    }

    private static nint Need(nint pointer) => pointer != 0 ? pointer : throw new CryptographicException("OpenSSL did not do it.");

    [LibraryImport(Library, EntryPoint = "d2i_AutoPrivateKey")]
    private static unsafe partial nint ReadPrivateKey(nint into, byte** at, long length);

    [LibraryImport(Library, EntryPoint = "EVP_PKEY_CTX_new")]
    private static partial nint NewContext(nint key, nint engine);

    [LibraryImport(Library, EntryPoint = "EVP_PKEY_CTX_free")]
    private static partial void FreeContext(nint context);

    [LibraryImport(Library, EntryPoint = "CRYPTO_malloc")]
    private static partial nint Allocate(nint bytes, nint file, int line);

    [LibraryImport(Library, EntryPoint = "EVP_sha256")]
    private static partial nint Sha256();

    [LibraryImport(Library, EntryPoint = "EVP_PKEY_decrypt_init")]
    private static partial int BeginDecrypt(nint context);

    [LibraryImport(Library, EntryPoint = "EVP_PKEY_CTX_set_rsa_padding")]
    private static partial int SetPadding(nint context, int padding);

    [LibraryImport(Library, EntryPoint = "EVP_PKEY_CTX_set_rsa_oaep_md")]
    private static partial int SetDigest(nint context, nint digest);

    [LibraryImport(Library, EntryPoint = "EVP_PKEY_CTX_set0_rsa_oaep_label")]
    private static partial int SetLabel(nint context, nint label, int length);

    [LibraryImport(Library, EntryPoint = "EVP_PKEY_decrypt")]
    private static partial int Decrypt(nint context, byte[] plain, ref nuint length, byte[] secret, nuint secretLength);
}
