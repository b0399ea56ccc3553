using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Gatehouse.Transport.Tls;

/// <summary>
/// Lets OpenSSL give back a connection's record buffers (two of 16 KiB) while it is idle, as other MQTT servers do. .NET offers no switch for it and no
/// handle of its TLS contexts; OpenSSL tells whoever reserved "extra data" of each context it makes, and that is when the mode is set here.
/// </summary>
/// <remarks>Contexts made before the first call keep their buffers. Without OpenSSL 3 nothing is called, and connections cost more memory.</remarks>
internal static unsafe partial class OpenSslBuffers
{
    // Constants of OpenSSL's public headers crypto.h and ssl.h; the same in 1.1 and 3.
    private const int ClassOfContexts = 1;
    private const int ControlMode = 33;
    private const nint ReleaseBuffers = 0x10;

    private static readonly Lock Once = new();
    private static bool isInstalled;
    private static long contexts;

    /// <summary>Contexts that release their buffers, as their own mode says.</summary>
    internal static long Contexts => Interlocked.Read(ref contexts);

    /// <summary>From now on every TLS context of this process releases idle buffers. Again: nothing.</summary>
    public static void Release()
    {
        lock (Once)
        {
            if (isInstalled)
            {
                return;
            }

            isInstalled = true;
            try
            {
                // Both libraries are found now, so that the call back cannot fail to.
                NativeLibrary.Load("libssl.so.3");
                _ = CRYPTO_get_ex_new_index(ClassOfContexts, 0, 0, &OnContext, 0, 0);
            }
            catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException)
            {
                // Another OpenSSL, or none: .NET's TLS works as ever.
            }
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void OnContext(nint context, nint data, nint all, int index, nint number, nint argument)
    {
        if ((SSL_CTX_ctrl(context, ControlMode, ReleaseBuffers, 0) & ReleaseBuffers) != 0)
        {
            Interlocked.Increment(ref contexts);
        }
    }

    [LibraryImport("libcrypto.so.3")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int CRYPTO_get_ex_new_index(
        int classIndex, nint number, nint argument, delegate* unmanaged[Cdecl]<nint, nint, nint, int, nint, nint, void> made, nint copied, nint freed);

    [LibraryImport("libssl.so.3")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial nint SSL_CTX_ctrl(nint context, int command, nint number, nint argument);
}
