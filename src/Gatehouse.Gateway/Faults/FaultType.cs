namespace Gatehouse.Gateway.Faults;

/// <summary>What a client can ask the hub to do to it. Names as the SDKs' own end-to-end tests write them.</summary>
internal enum FaultType
{
    KillTcp,
    KillAmqpConnection,
    KillAmqpSession,
    KillAmqpCBSLinkReq,
    KillAmqpCBSLinkResp,
    KillAmqpD2CLink,
    KillAmqpC2DLink,
    KillAmqpTwinLinkReq,
    KillAmqpTwinLinkResp,
    KillAmqpMethodReqLink,
    KillAmqpMethodRespLink,
    InvokeThrottling,
    InvokeMaxMessageQuota,
    InvokeAuthError,
    ShutDownAmqp,
    ShutDownMqtt,
}
