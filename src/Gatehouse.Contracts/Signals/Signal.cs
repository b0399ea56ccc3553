namespace Gatehouse.Contracts.Signals;

/// <summary>A word from one part of the server to all others (other nodes included): something changed, look again.</summary>
/// <param name="Subject">One of <see cref="SignalSubjects"/>.</param>
/// <param name="Hub">Hub name.</param>
/// <param name="Key">What changed: <c>device</c>, <c>device/module</c>, a policy name; empty for "all of them".</param>
public readonly record struct Signal(string Subject, string Hub, string Key)
{
    /// <summary>What is told beyond that something changed; empty for most subjects. At most 256 KiB; owned by the signal, so that handlers may keep it.</summary>
    public ReadOnlyMemory<byte> Payload { get; init; }
}

/// <summary>The subjects in use.</summary>
public static class SignalSubjects
{
    /// <summary>An identity was updated, disabled, re-keyed or deleted: caches forget it and its live sessions are judged again.</summary>
    public const string IdentityChanged = "identity.changed";

    /// <summary>A shared access policy changed.</summary>
    public const string PolicyChanged = "policy.changed";

    /// <summary>The set of verified CA certificates changed.</summary>
    public const string CertificatesChanged = "certificates.changed";

    /// <summary>A hub's revocation list changed: every node reads what is new and judges again what stands on it.</summary>
    public const string RevocationsChanged = "revocations.changed";

    /// <summary>A consumer group was deleted: its readers end.</summary>
    public const string ConsumerGroupsChanged = "consumergroups.changed";

    /// <summary>A device has a message to take; the key is the device.</summary>
    public const string DeviceMessageAvailable = "devicemessage.available";

    /// <summary>A back end has a notification to take; the key is the kind.</summary>
    public const string NotificationAvailable = "notification.available";
    /// <summary>Desired properties of the twin <c>Key</c> changed; the payload is what its device is told, after eight bytes of version.</summary>
    public const string DesiredChanged = "twin.desired";

    /// <summary>Events of the hub's own making wait for the node that routes them.</summary>
    public const string EventsWaiting = "events.waiting";

    /// <summary>Routes, endpoints or enrichments of a hub changed.</summary>
    public const string RoutingChanged = "routing.changed";

    /// <summary>Configurations of a hub changed.</summary>
    public const string ConfigurationsChanged = "configurations.changed";

    /// <summary>A hub, its host names or what it asks of proofs changed.</summary>
    public const string HubChanged = "hub.changed";

    /// <summary>Enrollment groups, certificates, policies or linked hubs of a provisioning service changed; the signal's hub is the service's name.</summary>
    public const string ProvisioningChanged = "provisioning.changed";

    /// <summary>A node looks for the one that a device is connected to, to call a method.</summary>
    public const string MethodAsked = "method.asked";

    /// <summary>A node has the device that another looks for.</summary>
    public const string MethodOffered = "method.offered";

    /// <summary>A node has another one call a method.</summary>
    public const string MethodStarted = "method.started";

    /// <summary>A node tells what became of the call.</summary>
    public const string MethodAnswered = "method.answered";

    /// <summary>A node asks how many are connected by a credential; the key says which.</summary>
    public const string CredentialUseAsked = "credentialuse.asked";

    /// <summary>Another node says how many.</summary>
    public const string CredentialUseAnswered = "credentialuse.answered";

    /// <summary>A node asks which of some keys somebody is connected by; the payload names them by their marks.</summary>
    public const string CredentialMarksAsked = "credentialmarks.asked";

    /// <summary>Another node says which.</summary>
    public const string CredentialMarksAnswered = "credentialmarks.answered";
}

/// <summary>Fan-out of signals: in process, or over NATS. At most once; receivers must tolerate loss by re-reading when they next look.</summary>
public interface ISignals
{
    /// <summary>Whether other nodes hear what is told here.</summary>
    bool ReachesOthers { get; }

    /// <summary>Tells all subscribers, this process's included. Never throws for a lost connection; it is retried and logged.</summary>
    ValueTask PublishAsync(Signal signal, CancellationToken cancellationToken);

    /// <summary>Calls <paramref name="handler"/> for each signal of the subject until disposed. Handlers must be quick and must not throw.</summary>
    IDisposable Subscribe(string subject, Action<Signal> handler);
}
