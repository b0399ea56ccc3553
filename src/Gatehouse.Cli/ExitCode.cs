namespace Gatehouse.Cli;

/// <summary>What the process ends with.</summary>
internal static class ExitCode
{
    internal const int Ok = 0;

    /// <summary>The hub refused, could not be reached, or did only a part.</summary>
    internal const int Refused = 1;

    /// <summary>The command line or a file that it names is wrong; nothing was asked of the hub.</summary>
    internal const int Usage = 2;
}
