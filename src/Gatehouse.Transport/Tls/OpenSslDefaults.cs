using System.Runtime.InteropServices;
using System.Text;
using System.Text.RegularExpressions;

namespace Gatehouse.Transport.Tls;

/// <summary>
/// Narrows the cipher suites of OpenSSL's system-wide defaults, in this process only. Distributions such as Ubuntu set a CipherString there, which .NET
/// then takes instead of its own list; the other way to set a list, CipherSuitesPolicy, costs session resumption (decisions/0009).
/// </summary>
internal static partial class OpenSslDefaults
{
    private const string Library = "libcrypto.so.3";
    private const int ErrorsMatter = 0;

    /// <summary>True when nothing had to be narrowed or all was. False: OpenSSL 3 is not what .NET uses here, or its configuration did not load.</summary>
    public static bool TryNarrow(string suites12, string suites13)
    {
        try
        {
            return Narrow(suites12, suites13);
        }
        catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException)
        {
            return false;
        }
    }

    private static bool Narrow(string suites12, string suites13)
    {
        var path = Marshal.PtrToStringUTF8(CONF_get1_default_config_file());
        if (path is null || !File.Exists(path))
        {
            return true;
        }

        var found = Read(path);
        return found is null || Load(Override(path, found, suites12, suites13));
    }

    /// <summary>The sections that lead to the defaults of every TLS context; null when the configuration has none.</summary>
    private static Sections? Read(string path)
    {
        var configuration = NCONF_new(0);
        try
        {
            if (NCONF_load(configuration, path, out _) <= 0)
            {
                return null;
            }

            string? Get(string? section, string name) => Marshal.PtrToStringUTF8(NCONF_get_string(configuration, section, name));
            return Get(null, "openssl_conf") is { } start && Get(start, "ssl_conf") is { } ssl && Get(ssl, "system_default") is { } defaults
                ? new Sections(ssl, defaults, Get(defaults, "CipherString") ?? string.Empty)
                : null;
        }
        finally
        {
            NCONF_free(configuration);
        }
    }

    /// <summary>The operator's file as it is, with two rows replaced (the last of equal names wins) and a start section that loads only TLS defaults.</summary>
    private static string Override(string path, Sections found, string suites12, string suites13) =>
        $"""
        gatehouse = gatehouse_start
        .include {path}
        [{found.Defaults}]
        CipherString = {suites12}{SecurityLevel().Match(found.CipherString).Value}
        Ciphersuites = {suites13}
        [gatehouse_start]
        ssl_conf = {found.Ssl}

        """;

    private static bool Load(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        var configuration = NCONF_new(0);
        var source = BIO_new_mem_buf(bytes, bytes.Length);
        try
        {
            return NCONF_load_bio(configuration, source, out _) > 0 && CONF_modules_load(configuration, "gatehouse", ErrorsMatter) > 0;
        }
        finally
        {
            _ = BIO_free(source);
            NCONF_free(configuration);
        }
    }

    private sealed record Sections(string Ssl, string Defaults, string CipherString);

    [GeneratedRegex(":?@SECLEVEL=[0-5]", RegexOptions.CultureInvariant)]
    private static partial Regex SecurityLevel();

    [LibraryImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial nint CONF_get1_default_config_file();

    [LibraryImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial nint NCONF_new(nint method);

    [LibraryImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial void NCONF_free(nint configuration);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int NCONF_load(nint configuration, string file, out nint errorLine);

    [LibraryImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int NCONF_load_bio(nint configuration, nint source, out nint errorLine);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial nint NCONF_get_string(nint configuration, string? section, string name);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int CONF_modules_load(nint configuration, string application, nuint flags);

    [LibraryImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial nint BIO_new_mem_buf(byte[] bytes, int length);

    [LibraryImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int BIO_free(nint source);
}
