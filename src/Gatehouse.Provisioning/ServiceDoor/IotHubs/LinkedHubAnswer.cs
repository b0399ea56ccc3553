using Gatehouse.Provisioning.Allocation;
using Gatehouse.Provisioning.LinkedHubs;

namespace Gatehouse.Provisioning.ServiceDoor.IotHubs;

internal static class LinkedHubAnswer
{
    internal static ServiceAnswer Of(LinkedHub hub)
    {
        var document = LinkedHubDocument.Of(hub);
        return ServiceAnswer.Json(document, ProvisioningJson.Own.LinkedHubDocument, document.Etag);
    }
}
