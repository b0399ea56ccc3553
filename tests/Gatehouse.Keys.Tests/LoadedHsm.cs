using System.Runtime.InteropServices;
using Xunit;

[assembly: AssemblyFixture(typeof(Gatehouse.Keys.Tests.LoadedHsm))]

namespace Gatehouse.Keys.Tests;

/// <summary>SoftHSM for the library that is loaded into this process, once.</summary>
public sealed partial class LoadedHsm : IDisposable
{
    // .NET keeps its own copy of the environment; the library reads the real one.
    public LoadedHsm() => Assert.Equal(0, SetVariable("SOFTHSM2_CONF", Hsm.Configuration, 1));

    internal SoftHsm Hsm { get; } = new();

    public void Dispose() => Hsm.Dispose();

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int SetVariable(string name, string value, int replace);
}
