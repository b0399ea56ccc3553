namespace Gatehouse.Streams.Suite;

/// <summary>A folder of its own for one test, gone afterwards.</summary>
internal sealed class TempFolder : IDisposable
{
    internal string Path { get; } = Directory.CreateTempSubdirectory("gatehouse-streams-").FullName;

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
