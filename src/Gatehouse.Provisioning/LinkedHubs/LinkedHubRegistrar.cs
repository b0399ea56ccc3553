using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Contracts.Provisioning;
using Gatehouse.Provisioning.Allocation;

namespace Gatehouse.Provisioning.LinkedHubs;

/// <summary>The way into a linked hub, wherever it is: through the port into this server's own, or by the service API of another server's.</summary>
internal sealed class LinkedHubRegistrar(IDeviceRegistrar here, DistantHubs elsewhere)
{
    /// <summary>Creates the device or gives it the credentials. LinkedHubRefused, LinkedHubUnavailable, TooManyRequests.</summary>
    /// <param name="service">Whose linked hub.</param>
    /// <param name="hub">Where.</param>
    /// <param name="actor">For the audit records of this server's hub.</param>
    /// <param name="device">What it shall be.</param>
    /// <param name="isFirst">Whether no record says that it has been there.</param>
    /// <param name="cancellationToken">Ends what has not begun.</param>
    internal async Task<Result<bool>> RegisterAsync(HubName service, LinkedHub hub, string actor, ProvisionedDevice device, bool isFirst, CancellationToken cancellationToken) => hub.Hub is { } name
        ? OfHere(await here.RegisterAsync(name, actor, device, cancellationToken))
        : await elsewhere.RunAsync(service, hub, distant => distant.RegisterAsync(device, isFirst, cancellationToken));

    /// <summary>Tags and desired properties; null when there is no such device. The same errors.</summary>
    internal async Task<Result<ReadOnlyMemory<byte>?>> ReadTwinAsync(HubName service, LinkedHub hub, DeviceId device, CancellationToken cancellationToken) => hub.Hub is { } name
        ? Result<ReadOnlyMemory<byte>?>.Of(await here.ReadTwinAsync(name, device, cancellationToken))
        : await elsewhere.RunAsync(service, hub, distant => distant.ReadTwinAsync(device, cancellationToken));

    /// <summary>Disables the device and takes its keys; see <see cref="IDeviceRegistrar.QuarantineAsync"/>. The same errors.</summary>
    internal async Task<Result<bool>> QuarantineAsync(HubName service, LinkedHub hub, string actor, DeviceId device, string reason, CancellationToken cancellationToken) => hub.Hub is { } name
        ? OfHere(await here.QuarantineAsync(name, actor, device, reason, cancellationToken))
        : await elsewhere.RunAsync(service, hub, distant => distant.QuarantineAsync(device, reason, cancellationToken));

    /// <summary>Changes the twin; done when there is no such device. The same errors.</summary>
    internal async Task<Result<bool>> PatchTwinAsync(HubName service, LinkedHub hub, string actor, DeviceId device, ReadOnlyMemory<byte> patch, CancellationToken cancellationToken) => hub.Hub is { } name
        ? OfHere(await here.PatchTwinAsync(name, actor, device, patch, cancellationToken))
        : await elsewhere.RunAsync(service, hub, distant => distant.PatchTwinAsync(device, patch, cancellationToken));

    /// <summary>Removes the device; done when there is none. The same errors.</summary>
    internal async Task<Result<bool>> RemoveAsync(HubName service, LinkedHub hub, string actor, DeviceId device, CancellationToken cancellationToken) => hub.Hub is { } name
        ? OfHere(await here.RemoveAsync(name, actor, device, cancellationToken))
        : await elsewhere.RunAsync(service, hub, distant => distant.RemoveAsync(device, cancellationToken));

    // What it does not take is for whoever made the enrollment to know: keys, for one, where a hub derives those of its devices.
    private static Result<bool> OfHere(Result<bool> outcome) => outcome.IsOk ? outcome
        : ProvisioningErrors.LinkedHubRefused.With(outcome.Error.Name == HubErrors.ArgumentInvalid.Name ? $"it answered {outcome.Error.Name}: {outcome.Error.Message.TrimEnd('.')}" : $"it answered {outcome.Error.Name}");
}
