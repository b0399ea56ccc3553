namespace Gatehouse.Server.Composition;

/// <summary>Whether the server has started: until then the frameworks' own reports of a failed start are held back.</summary>
internal sealed class StartupQuiet
{
    private volatile bool hasEnded;

    internal bool HasEnded => hasEnded;

    internal void End() => hasEnded = true;
}
