namespace Gatehouse.Provisioning.LinkedHubs;

/// <summary>A device that has another hub by now, and could not be taken from the one that it had. A row of <c>left_devices</c>.</summary>
internal sealed record LeftDevice
{
    public string Service { get; init; } = "";

    public string HostName { get; init; } = "";

    public string DeviceId { get; init; } = "";

    /// <summary>Who had it there, as it named itself.</summary>
    public string Registration { get; init; } = "";

    public long Attempts { get; init; }

    public long NextAttempt { get; init; }

    /// <summary>Why the last attempt failed.</summary>
    public string Problem { get; init; } = "";

    public long Created { get; init; }
}
