"""Words of the command line in both languages. Systems bring the names of their own quantities."""

from __future__ import annotations

from sim.kernel.system import Label

WORDS: dict[str, Label] = {
    "name": Label("Name", "名称"),
    "title": Label("Title", "标题"),
    "parameter": Label("Parameter", "参数"),
    "value": Label("Value", "值"),
    "set_by": Label("Set by", "来源"),
    "default": Label("default", "默认"),
    "start": Label("Start", "开始"),
    "run": Label("Run", "编号"),
    "scenario": Label("Scenario", "情景"),
    "replication": Label("Rep.", "重复"),
    "status": Label("Status", "状态"),
    "created": Label("Created", "创建时间"),
    "seconds": Label("Seconds", "用时(秒)"),
    "note": Label("Note", "说明"),
    "figure": Label("Figure", "指标"),
    "of": Label("Of", "对象"),
    "unit": Label("Unit", "单位"),
    "limit": Label("Allowed", "允许值"),
    "difference": Label("B - A", "B - A"),
    "reference": Label("SWMM", "SWMM"),
    "gap": Label("Gap", "差距"),
    "allowed": Label("Allowed", "允许"),
    "verdict": Label("Within", "是否达标"),
    "yes": Label("yes", "是"),
    "no": Label("NO", "否"),
    "no_runs": Label("No runs yet.", "还没有运行记录。"),
    "no_difference": Label("The parameters are the same.", "参数完全相同。"),
    "other_code": Label(
        "Note: the two sides were computed by different code.", "注意：两侧由不同版本的代码计算。"
    ),
    "interval": Label("± is half the 95 % interval.", "± 为95%置信区间半宽。"),
    "more": Label("worst of {count}", "{count} 个中最不利"),
    "files": Label("files", "文件"),
    "valid": Label("valid", "有效"),
    "ledger": Label("largest ledger error", "最大平衡误差"),
    "code": Label("code", "代码版本"),
    "hash": Label("hash", "哈希"),
    # statuses of runs and KPIs
    "queued": Label("queued", "排队"),
    "running": Label("running", "运行中"),
    "done": Label("done", "完成"),
    "failed": Label("failed", "失败"),
    "cancelled": Label("cancelled", "已取消"),
    "ok": Label("ok", "正常"),
    "over_limit": Label("over limit", "超限"),
    "not_drained": Label("not drained", "未退"),
    "raining": Label("still raining", "仍在降雨"),
    "dry": Label("dry", "无积水"),
    "none": Label("none", "无"),
    # lines of an import's report
    "import_read": Label("read", "已读取"),
    "import_derived": Label("derived", "推算"),
    "import_assumed": Label("assumed", "假定"),
    "import_unread": Label("not read", "未读取"),
    "import_snapped": Label("moved to a manhole", "已吸附至检查井"),
    "import_orphan": Label("without a manhole", "未接检查井"),
    "import_ambiguous": Label("more than one manhole near", "附近不止一个检查井"),
    "import_duplicate": Label("twice", "重复"),
    "import_reversed": Label("reversed", "方向相反"),
    "import_merged": Label("parts joined", "已合并多部分"),
    "import_refused": Label("refused", "拒绝"),
    "import_warning": Label("warnings", "警告"),
    "swmm_runs": Label("EPA SWMM runs the same network", "EPA SWMM 正在计算同一管网"),
    # rows of verify
    "outfall_nse": Label("Outfall flow, Nash-Sutcliffe", "排放口流量纳什效率"),
    "ponded_volume_max": Label("Largest ponded volume", "最大积水量"),
    "recession_end": Label("End of recession", "退水结束时刻"),
    "max_depth_error": Label("Largest depth, mean error", "最大水深平均误差"),
    "flooded_jaccard": Label("Flooded points, Jaccard", "积水点雅卡尔系数"),
    "continuity": Label("Continuity error", "水量平衡误差"),
}


def word(key: str, language: str) -> str:
    """Return a word of the command line; a key without a word is returned as it is."""
    label = WORDS.get(key)
    if label is None:
        return key
    return label.zh if language == "zh" else label.en
