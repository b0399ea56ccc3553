using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Net.Pkcs11Interop.Common;
using Net.Pkcs11Interop.HighLevelAPI;

namespace Gatehouse.Keys.Pkcs11;

/// <summary>A vendor's PKCS#11 library, loaded once in a process whatever the number of tokens: C_Initialize and C_Finalize are the process's.</summary>
internal sealed class Pkcs11Module
{
    private static readonly ConcurrentDictionary<string, Pkcs11Module> Loaded = new(StringComparer.Ordinal);

    private readonly string path;
    private readonly Dictionary<string, KeptSession> kept = new(StringComparer.Ordinal);
    private IPkcs11Library? library;

    // Without the compiler's packages there is no libdl.so, only libdl.so.2 (Pkcs11Interop issues 210 and 239).
    static Pkcs11Module() => NativeLibrary.SetDllImportResolver(
        typeof(Pkcs11InteropFactories).Assembly,
        static (name, _, _) => name == "libdl" && NativeLibrary.TryLoad("libdl.so.2", out var handle) ? handle : 0);

    private Pkcs11Module(string path) => this.path = path;

    /// <summary>Held while the module is used: its log-in is the process's too.</summary>
    internal Lock Turn { get; } = new();

    internal static Pkcs11InteropFactories Makes { get; } = new();

    internal static Pkcs11Module At(string path) => Loaded.GetOrAdd(path, static path => new Pkcs11Module(path));

    /// <exception cref="KeysException">It is missing, is no PKCS#11 library, or does not start.</exception>
    internal IPkcs11Library Open()
    {
        try
        {
            return library ??= Makes.Pkcs11LibraryFactory.LoadPkcs11Library(Makes, path, AppType.MultiThreaded);
        }
        catch (Exception error) when (error is UnmanagedException or DllNotFoundException or AttributeValueException or ArgumentException)
        {
            throw new KeysException($"The PKCS#11 library '{path}' cannot be loaded. Is module-path right, and is it made for this machine?", error) { Fault = KeysFault.Unavailable };
        }
        catch (Pkcs11Exception error)
        {
            throw new KeysException($"The PKCS#11 library '{path}' does not start: {error.RV}. See its own settings and log.", error) { Fault = KeysFault.Unavailable };
        }
    }

    /// <summary>The session of a token that stays logged in; null when there is none. Only one is kept of a token.</summary>
    internal KeptSession? KeptOf(string token) => kept.GetValueOrDefault(token);

    internal KeptSession Keep(string token, KeptSession session) => kept[token] = session;

    /// <summary>Ends it: a log-in counts for all sessions of a token, and so does a log-out.</summary>
    internal void Drop(string token)
    {
        if (kept.Remove(token, out var session))
        {
            session.Close();
        }
    }

    /// <summary>Ends it; the next use starts it anew and sees the tokens that are there then.</summary>
    internal void Stop()
    {
        foreach (var token in kept.Keys.ToList())
        {
            Drop(token);
        }

        try
        {
            library?.Dispose();
        }
        catch (Pkcs11Exception)
        {
            // It is being left because it does not work.
        }

        library = null;
    }
}
