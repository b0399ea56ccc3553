using System.Runtime.InteropServices;
using Gatehouse.Keys.Pkcs11;
using Net.Pkcs11Interop.Common;
using Xunit;

[assembly: AssemblyFixture(typeof(Gatehouse.Keys.Tests.LoadedHsm))]

namespace Gatehouse.Keys.Tests;

/// <summary>SoftHSM for the library that is loaded into this process, once.</summary>
public sealed partial class LoadedHsm : IDisposable
{
    // .NET keeps its own copy of the environment; the library reads the real one.
    public LoadedHsm() => Assert.Equal(0, SetVariable("SOFTHSM2_CONF", Hsm.Configuration, 1));

    internal SoftHsm Hsm { get; } = new();

    /// <summary>The security officer of a token sets another PIN.</summary>
    internal static void ChangePin(SoftHsm.Token token, string pin)
    {
        var module = Pkcs11Module.At(SoftHsm.Library);
        lock (module.Turn)
        {
            var slot = module.Open().GetSlotList(SlotsType.WithTokenPresent).Single(slot => slot.GetTokenInfo().Label.TrimEnd() == token.Label);
            using var session = slot.OpenSession(SessionType.ReadWrite);
            session.Login(CKU.CKU_SO, "87654321");
            session.InitPin(pin);
            session.Logout();
        }
    }

    public void Dispose() => Hsm.Dispose();

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int SetVariable(string name, string value, int replace);
}
