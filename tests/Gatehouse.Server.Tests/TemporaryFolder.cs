namespace Gatehouse.Server.Tests;

internal sealed class TemporaryFolder : IDisposable
{
    internal string Path { get; } = Directory.CreateTempSubdirectory("gatehouse-test-").FullName;

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
