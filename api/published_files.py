"""Published plans, tasks and results as tables, with the names of columns that notices use."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from core.clock import civil_day
from sampling.maths.notices import COLUMNS, header
from sampling.queries.announced import PublicRecord, PublicTask
from sampling.queries.papers import PaperView

Table = tuple[list[str], list[list[Any]]]

STANDING = {"published": "有效", "withdrawn": "已撤回", "corrected": "已更正"}
_LATER = ["状态", "撤回日期", "撤回原因", "公示记录号"]
_INSPECTION = ["公示记录号", "任务编号", "统一社会信用代码", "企业名称", "检查日期", "结果代码",
               "抽查结果", "说明", "公示日期", "状态", "撤回日期", "撤回原因"]  # fmt: skip
_ANNUAL = ["计划编号", "版次", "年度", "检查主体", "计划名称", "序号", "事项编号", "抽查事项",
           "检查对象", "抽查比例", "频次", "数量", "开始日期", "结束日期", "发起部门", "配合部门",
           "抽查目的", "公布日期"]  # fmt: skip
_TASKS = ["任务编号", "任务名称", "状态", "年度计划", "年度计划行", "名录库数量", "抽取数量",
          "检查日期", "承诺值", "公布时间", "抽取时间", "已公示结果", "作废原因"]  # fmt: skip
TASK_STATES = {"committed": "已公布待抽取", "drawn": "已抽取", "void": "已作废"}


def results_table(records: Sequence[PublicRecord], *, kind: str, style: str) -> Table:
    """Published results of one kind; samples in the columns of a notice, in a province's words."""
    if kind == "sample":
        rows = [
            [*(one.columns.get(column, "/") for column in COLUMNS), *_later(one), one.no]
            for one in records
        ]
        return [*header(style), *_LATER], rows
    return list(_INSPECTION), [
        [
            one.no,
            one.plan_no,
            one.enterprise_code,
            one.enterprise_name,
            one.found_on.isoformat(),
            "、".join(code.code for code in one.codes),
            "、".join(code.title_zh for code in one.codes),
            one.statement or "",
            civil_day(one.published_at).isoformat(),
            *_later(one),
        ]
        for one in records
    ]


def _later(one: PublicRecord) -> list[str]:
    on = civil_day(one.withdrawn_at).isoformat() if one.withdrawn_at else ""
    return [STANDING[one.state], on, one.withdraw_reason or ""]


def annual_table(papers: Sequence[PaperView]) -> Table:
    """The rows of annual plans, one a line."""
    return list(_ANNUAL), [
        [
            paper.no,
            paper.edition,
            paper.year,
            paper.authority,
            paper.title,
            row["key"],
            row["item"] or "",
            row["matter"],
            row["target"],
            row["share"] or "",
            row["frequency"],
            row["quantity"],
            row["begins_on"],
            row["ends_on"],
            row["lead"],
            "、".join(row["cooperating"]),
            row["purpose"],
            civil_day(paper.published_at).isoformat() if paper.published_at else "",
        ]
        for paper in papers
        for row in paper.body["rows"]
    ]


def tasks_table(tasks: Sequence[PublicTask]) -> Table:
    """Committed and drawn plans, one a line."""
    return list(_TASKS), [
        [
            task.draw.no,
            task.draw.title,
            TASK_STATES.get(task.draw.state, task.draw.state),
            task.paper_no or "",
            task.row_key or "",
            task.draw.frame_size,
            task.draw.quota,
            task.draw.visit_on.isoformat(),
            task.draw.commitment,
            task.draw.committed_at.isoformat(),
            task.draw.drawn_at.isoformat() if task.draw.drawn_at else "",
            task.published,
            task.draw.void_reason or "",
        ]
        for task in tasks
    ]
