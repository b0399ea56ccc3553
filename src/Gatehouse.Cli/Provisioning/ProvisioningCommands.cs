namespace Gatehouse.Cli.Provisioning;

/// <summary>The group <c>dps</c>: the provisioning service itself. Words as in <c>az iot dps</c>; whom it lets in is the group <c>enrollment</c>.</summary>
internal static class ProvisioningCommands
{
    internal static HubCommand Group(Shell shell) => Shell.Group("dps", "The provisioning service itself: the hubs that it assigns devices to.", LinkedHubCommands.Group(shell));
}
